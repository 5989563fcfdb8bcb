"""Closed days of a ledger to archive, and what somebody may do to the files."""

import hashlib
import io
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import time_machine

from dean06.ledger.public import stamp_everywhere, submit_everywhere
from ledger_worlds import appoint_witness, in_process, write_entries


@contextmanager
def closed_days(directory):
    """Write three closed days and an open one, cosigned and stamped; yield the clock. The witness's key lies in ``directory``.

    The first of them is the tenth of next month: the last days of one month may all be a month old on the same day of the next.
    """
    noon = (datetime.now(UTC).replace(day=1, hour=5, minute=0) + timedelta(days=40)).replace(day=10)
    with time_machine.travel(noon, tick=False) as clock:
        (directory / "witness.txt").write_text(f"{appoint_witness()}\n")
        for count in (9, 6, 11, 3):
            write_entries(count)
            submit_everywhere(in_process)
            stamp_everywhere()
            clock.shift(timedelta(days=1))
        clock.shift(timedelta(days=-1))
        yield clock


def rewritten(path, name, content):
    """Replace one part of a file and leave its links as they are."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
    path.write_bytes(out.getvalue())


def linked_anew(path, name, content):
    """Replace one part of a log's last file, link all parts anew and give the file the name that fits."""
    with zipfile.ZipFile(path) as file:
        parts = {part: file.read(part) for part in file.namelist()}
    parts[name] = content
    stated, *lines = parts.pop("linkinginfo").decode().splitlines()
    digest, text = stated.split(" ")[0], stated + "\n"
    for part in (line.split(" ")[1] for line in lines):
        digest = hashlib.sha256((digest + hashlib.sha256(parts[part]).hexdigest()).encode()).hexdigest()
        text += f"{digest} {part}\n"
    path.unlink()
    with zipfile.ZipFile(path.with_name(f"{path.stem[:-16]}{digest[:16]}.zip"), "w") as file:
        for part, value in {**parts, "linkinginfo": text.encode()}.items():
            file.writestr(part, value)
