"""Checkpoints bear time stamps that OpenSSL verifies; an authority that is away holds up nothing."""

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from click.testing import CliRunner

from dean06.cli.main import cli
from dean06.ledger.models import LedgerCheckpoint, LedgerStamp
from dean06.ledger.public import overdue, stamp_everywhere, verify
from dean06.ledger.stamping import stamped_digest
from dean06.signing.errors import TimestampRefused
from dean06.signing.public import ensure_trust, trust_anchor_pem
from ledger_worlds import sql, write_entries

pytestmark = pytest.mark.django_db


@pytest.fixture
def noon():
    """An hour from now, when the certificates of the test's authority are valid already."""
    ensure_trust()
    return datetime.now(UTC) + timedelta(hours=1)


def verified(folder, token, digest):
    (folder / "token").write_bytes(bytes(token))
    (folder / "root.pem").write_bytes(trust_anchor_pem())
    arguments = ("openssl", "ts", "-verify", "-digest", digest.hex(), "-in", "token", "-token_in", "-CAfile", "root.pem")
    return subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=folder)


def test_openssl_verifies_the_stamp_of_a_checkpoint_and_of_no_other(tmp_path):
    ensure_trust()
    write_entries(3)
    assert stamp_everywhere() == 1

    stamp, note = LedgerStamp.objects.get(), LedgerCheckpoint.objects.get().note

    good = verified(tmp_path, stamp.token, stamped_digest(note))
    assert good.returncode == 0, good.stderr
    assert verified(tmp_path, stamp.token, stamped_digest(note + " ")).returncode != 0


def test_a_log_is_stamped_at_most_once_a_minute_and_only_when_it_grew(noon):
    with time_machine.travel(noon, tick=False) as clock:
        write_entries(1)
        write_entries(1, log="services")
        assert stamp_everywhere() == 2
        write_entries(1)
        assert stamp_everywhere() == 0
        clock.shift(59)
        assert stamp_everywhere() == 0
        clock.shift(1)
        assert stamp_everywhere() == 1
        clock.shift(60)
        assert stamp_everywhere() == 0

    assert sorted(LedgerStamp.objects.values_list("log", "size")) == [("registry", 1), ("registry", 2), ("services", 1)]


def test_an_authority_that_is_away_is_ridden_through_and_flagged(noon):
    def away(_digest):
        raise TimestampRefused

    with time_machine.travel(noon, tick=False) as clock:
        write_entries(2)
        assert stamp_everywhere(away) == 0
        clock.shift(300)
        write_entries(2)
        assert (stamp_everywhere(away), overdue()) == (0, [])
        clock.shift(301)
        assert [(late.log, late.since) for late in overdue()] == [("registry", noon)]
        doctor = CliRunner().invoke(cli, ["doctor"])
        assert "time stamp registry: none since" in doctor.output

        assert stamp_everywhere() == 1
        assert overdue() == []
    assert list(LedgerStamp.objects.values_list("size", flat=True)) == [4]  # one stamp covers all that came before


ALTERATIONS = {
    "another checkpoint's stamp": "UPDATE ledger_ledgerstamp SET token = (SELECT token FROM ledger_ledgerstamp WHERE size = 2) WHERE size = 4",
    "a byte of its signature": "UPDATE ledger_ledgerstamp SET token = set_byte(token, length(token) - 1,"
    " get_byte(token, length(token) - 1) # 1) WHERE size = 4",
    "a byte of its time": "UPDATE ledger_ledgerstamp SET token = set_byte(token, position('Z'::bytea IN token) - 2,"
    " get_byte(token, position('Z'::bytea IN token) - 2) # 1) WHERE size = 4",
    "no stamp at all": "UPDATE ledger_ledgerstamp SET token = 'nothing' WHERE size = 4",
    "its checkpoint": "UPDATE ledger_ledgerstamp SET size = 3 WHERE size = 4",
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_verification_names_a_stamp_that_was_altered(noon, what):
    with time_machine.travel(noon, tick=False) as clock:
        for _ in range(2):
            write_entries(2)
            assert stamp_everywhere() == 1
            clock.shift(61)
        assert (verify("default").is_clean, verify("default").stamps) == (True, 2)

        assert sql(ALTERATIONS[what]) == 1

        assert [(one.problem, one.seq) for one in verify("default").findings] == [("stamp_altered", 3 if what == "its checkpoint" else 4)]


def test_a_stamp_of_an_authority_that_nobody_trusts_is_named(monkeypatch):
    ensure_trust()
    write_entries(2)
    stamp_everywhere()

    monkeypatch.setattr("dean06.signing.stamps.trust_anchors", lambda: ())

    assert next(one.detail for one in verify("default").findings if one.problem == "stamp_altered").endswith("(authority)")
