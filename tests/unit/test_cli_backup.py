"""A backup file is whole or refused."""

import json
import random
import tarfile

import pytest

from dean06.cli import backup
from dean06.cli.backup import BackupDamaged, make_backup, restore_backup
from dean06.core.config import Config


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A backup of an installation without a database."""
    config = Config(data_dir=tmp_path / "state")
    for name, text in (("keys/ca.root.pem", "a key"), ("demo/walks.json", '{"finished": 1}'), ("demo-people.json", "{}")):
        (config.data_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (config.data_dir / name).write_text(text)

    def dump(_config, module, folder):
        (folder / f"{module}.dump").write_bytes(random.Random(1).randbytes(5000))
        return folder / f"{module}.dump"

    monkeypatch.setattr(backup, "_dump", dump)
    make_backup(config, tmp_path / "backup.tar")
    return tmp_path / "backup.tar"


def refuse(file):
    target = Config(data_dir=file.parent / "empty")
    with pytest.raises(BackupDamaged):
        restore_backup(target, file, replace=False)
    assert not target.data_dir.exists()


def test_any_flipped_bit_is_refused_and_nothing_is_made(file):
    content, chance = file.read_bytes(), random.Random(2026)
    for _ in range(300):
        changed = bytearray(content)
        changed[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        file.write_bytes(changed)
        refuse(file)


@pytest.mark.parametrize("kept", [0, 1, 60, 71, 512, -1, -72])
def test_a_cut_off_file_is_refused(file, kept):
    file.write_bytes(file.read_bytes()[:kept])
    refuse(file)


def test_the_backup_is_an_ordinary_archive_with_state_and_manifest(file):
    with tarfile.open(file) as archive:
        names = set(archive.getnames())
        manifest = json.load(archive.extractfile("manifest.json"))

    assert names == {"manifest.json", *manifest["files"]}
    assert {"state/keys/ca.root.pem", "state/demo/walks.json", "state/demo-people.json", "databases/default.dump"} <= names
    assert file.stat().st_mode & 0o777 == 0o600
