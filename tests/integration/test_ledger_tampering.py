"""A thousand random changes to a log of some thousand entries, and sixty to the live tables: all found, the entry named."""

import copy
import functools
import json
import random
from uuid import UUID, uuid4

import pytest
from django.db import connections, transaction

from dean06.core.actor import SYSTEM
from dean06.ledger.checkpoints import sign
from dean06.ledger.domain.notes import Checkpoint
from dean06.ledger.models import WatchedLog
from dean06.ledger.public import Draft, export, public_keys_pem, record_batch, record_many, sequence, submit_everywhere, verify
from ledger_worlds import PEOPLE, appoint_witness, in_process
from offline_verifier import tool

pytestmark = pytest.mark.django_db

ENTRIES = 2_000
CHANGES_OFFLINE, CHANGES_LIVE = 1_000, 60
SEED = 2026


def write_log(count, monkeypatch, *, batch):
    """A log whose witness cosigned its middle and its end; one entry concerns many."""
    monkeypatch.setattr("dean06.ledger.sequencer.BATCH", batch)
    key = appoint_witness()
    drafts = [Draft("registry.page_shown", "registry", SYSTEM, subjects=(PEOPLE[n % 7],), detail={"n": n}) for n in range(count - 2)]
    half = count // 2
    for part, is_last in ((drafts[:half], False), (drafts[half:], True)):
        with transaction.atomic():
            record_batch(part, using="default")
            if is_last:
                record_many("registry.population_loaded", log="registry", using="default", actor=SYSTEM, subjects=PEOPLE)
        sequence("default")
        assert submit_everywhere(in_process) == 1
    return key


class World:
    """An export in memory: lists of rows, copied before they are changed."""

    def __init__(self, directory, keys, witness_key):
        place = directory / "default" / "registry"
        read = lambda name: [json.loads(line) for line in (place / f"{name}.jsonl").read_text().splitlines()]  # noqa: E731
        self.leaves, self.notes, self.cosigned, self.people = (read(name) for name in ("leaves", "checkpoints", "cosignatures", "subjects"))
        self.keys, self.witnesses = keys, tool.Witnesses(str(witness_key))
        self.known = []

    def changed(self):
        made = copy.copy(self)
        made.leaves, made.notes, made.cosigned, made.people, made.known = (
            list(rows) for rows in (self.leaves, self.notes, self.cosigned, self.people, self.known)
        )
        return made

    def own(self, rows, index):
        rows[index] = copy.deepcopy(rows[index])
        return rows[index]

    def findings(self):
        source = tool.Source(
            log="registry",
            leaves=(
                (row["seq"], row["entry_id"], bytes.fromhex(row["leaf_hash"]), bytes.fromhex(row["chain_hash"]), row["entry"])
                for row in self.leaves
            ),
            unnumbered=iter(()),
            checkpoints=((row["size"], row["note"]) for row in self.notes),
            subjects=((row["entry_id"], row["position"], bytes.fromhex(row["subject"])) for row in self.people),
            cosigned=((row["size"], row["witness"], row["note"]) for row in self.cosigned),
        )
        return tool.LogVerifier(source, self.keys, self.known, self.witnesses).run()


def flip_bit(value, chance):
    """Flip one bit of a value of any column; text stays text."""
    if isinstance(value, int):
        return value ^ 1 << chance.randrange(40)
    if isinstance(value, str) and len(value) == 36 and value.count("-") == 4:
        return str(UUID(int=UUID(value).int ^ 1 << chance.randrange(128)))
    try:
        raw = bytearray(bytes.fromhex(value))
        raw = raw or bytearray(32)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        return raw.hex()
    except ValueError:
        letters = list(value)
        place = chance.randrange(len(letters))
        letters[place] = chr(ord(letters[place]) ^ 1 << chance.randrange(5))
        return "".join(letters)


ENTRY_COLUMNS = ["id", "log", "kind", "recorded_at_us", "subject", "subject_count", "subjects_root", "commitment"]


def flip_entry(world, chance):
    index = chance.randrange(len(world.leaves))
    row = world.own(world.leaves, index)
    name = chance.choice(ENTRY_COLUMNS)
    row["entry"][name] = flip_bit(row["entry"][name], chance)
    return {index + 1}


def flip_leaf(world, chance):
    index = chance.randrange(len(world.leaves))
    row = world.own(world.leaves, index)
    name = chance.choice(["entry_id", "leaf_hash", "chain_hash"])
    row[name] = flip_bit(row[name], chance)
    return {index + 1}


def flip_number(world, chance):
    index = chance.randrange(len(world.leaves))
    row = world.own(world.leaves, index)
    row["seq"] = flip_bit(row["seq"], chance)
    world.leaves.sort(key=lambda row: row["seq"])
    return {index + 1, row["seq"]}


def flip_checkpoint(world, chance):
    row = world.own(world.notes, chance.randrange(len(world.notes)))
    name = chance.choice(["size", "note"])
    row[name] = flip_bit(row[name], chance)
    return set()


def flip_cosignature(world, chance):
    row = world.own(world.cosigned, chance.randrange(len(world.cosigned)))
    name = chance.choice(["size", "witness", "note"])
    row[name] = flip_bit(row[name], chance)
    return set()


def flip_person(world, chance):
    row = world.own(world.people, chance.randrange(len(world.people)))
    name = chance.choice(["position", "subject"])
    row[name] = flip_bit(row[name], chance)
    return {next(leaf["seq"] for leaf in world.leaves if leaf["entry_id"] == row["entry_id"])}


def drop(world, chance):
    index = chance.randrange(len(world.leaves) - 1)
    del world.leaves[index]
    return {index + 1}


def drop_and_renumber(world, chance):
    index = chance.randrange(len(world.leaves) - 1)
    del world.leaves[index]
    renumber(world, index)
    return {index + 1}


def drop_entry(world, chance):
    index = chance.randrange(len(world.leaves))
    world.own(world.leaves, index)["entry"] = None
    return {index + 1}


def reorder(world, chance):
    one, other = sorted(chance.sample(range(len(world.leaves)), 2))
    world.leaves[one], world.leaves[other] = dict(world.leaves[other], seq=one + 1), dict(world.leaves[one], seq=other + 1)
    return {one + 1, other + 1}


def insert(world, chance):
    index = chance.randrange(len(world.leaves))
    forged = copy.deepcopy(chance.choice(world.leaves))
    forged["entry"]["id"] = forged["entry_id"] = str(uuid4())
    forged["leaf_hash"] = tool.leaf_hash(forged["entry"]).hex()
    world.leaves.insert(index, forged)
    renumber(world, index)
    return {index + 1}


def cut_tail(world, chance):
    """With or without the checkpoints over it; what the witness holds is the trace where those are gone too."""
    kept = chance.randrange(len(world.leaves))
    del world.leaves[kept:]
    present = {row["entry_id"] for row in world.leaves}
    world.people = [row for row in world.people if row["entry_id"] in present]
    if chance.random() < 0.5:
        world.notes = [row for row in world.notes if row["size"] <= kept]
    if chance.random() < 0.5:
        world.cosigned, world.known = [], [world.held]
        world.notes = [row for row in world.notes if row["size"] <= kept]
        sign_end(world)
    return {kept + 1}


def fork(world, chance):
    """Another history from some entry on: leaves, chain and checkpoints made anew and signed with the log's own key."""
    first = chance.randrange(len(world.leaves))
    world.own(world.leaves, first)["entry"]["recorded_at_us"] ^= 1 << chance.randrange(40)
    chain = bytes.fromhex(world.leaves[first - 1]["chain_hash"]) if first else bytes(32)
    for index in range(first, len(world.leaves)):
        leaf = tool.leaf_hash(world.leaves[index]["entry"])
        chain = tool.sha256(b"\x02", chain, leaf)
        world.leaves[index] = dict(world.leaves[index], leaf_hash=leaf.hex(), chain_hash=chain.hex())
    world.notes = [row for row in world.notes if row["size"] <= first]
    if chance.random() < 0.5:
        world.cosigned, world.known = [], [world.held]
    sign_end(world)
    return {first + 1}


def swap_checkpoints(world, chance):
    one, other = chance.sample(range(len(world.notes)), 2)
    first, second = world.notes[one], world.notes[other]
    world.notes[one], world.notes[other] = dict(first, note=second["note"]), dict(second, note=first["note"])
    return set()


def renumber(world, first):
    for index in range(first, len(world.leaves)):
        world.leaves[index] = dict(world.leaves[index], seq=index + 1)


def sign_end(world):
    """Sign the rows as they stand, as whoever holds the log's key can."""
    if not world.leaves:
        return
    tree = tool.Stack()
    for row in world.leaves:
        tree.add(bytes.fromhex(row["leaf_hash"]))
    stated = Checkpoint("registry", tree.count, tree.root(), bytes.fromhex(world.leaves[-1]["chain_hash"]))
    world.notes = [*[row for row in world.notes if row["size"] != tree.count], {"size": tree.count, "note": sign(stated)}]


CHANGES = (
    *(flip_entry, flip_leaf, flip_number, flip_checkpoint, flip_cosignature, flip_person, drop, drop_and_renumber, drop_entry, reorder),
    *(insert, cut_tail, fork, swap_checkpoints),
)
NAMES_FIRST_OF_RANGE = {fork, cut_tail, drop_and_renumber}
"""A history that was made anew is whole in itself: what is named is where the last word of the witness or the chain ends."""


def numbers_named(findings, world):
    named = {finding.entry for finding in findings if finding.entry}
    return {finding.seq for finding in findings if finding.seq} | {row["seq"] for row in world.leaves if row["entry_id"] in named}


def test_a_thousand_random_changes_of_an_export_are_all_found_and_named(tmp_path, monkeypatch):
    key = write_log(ENTRIES, monkeypatch, batch=100)
    export(tmp_path / "out")
    keys = tool.Keys.read(public_keys_pem())
    world = World(tmp_path / "out", keys, key)
    world.held = tool.replace(keys.open(WatchedLog.objects.get().note), by="held.note")
    monkeypatch.setattr(keys, "open", functools.cache(keys.open))  # the same few notes, a thousand times
    monkeypatch.setattr(world.witnesses, "under", functools.cache(world.witnesses.under))
    hashed, whole = {}, tool.leaf_hash
    for row in world.leaves:
        hashed[id(row["entry"])] = whole(row["entry"])
    monkeypatch.setattr(tool, "leaf_hash", lambda entry: hashed.get(id(entry)) or whole(entry))  # rows that nobody touched
    kept_alive = list(world.leaves)  # an id stays that of its row
    chance = random.Random(SEED)

    assert (len(world.leaves), len(world.notes) > 15, len(world.cosigned), len(world.people)) == (ENTRIES, True, 2, 7)
    assert world.findings() == []
    missed = []
    for number in range(CHANGES_OFFLINE):
        change, changed = CHANGES[number % len(CHANGES)], world.changed()
        touched = change(changed, chance)
        found = changed.findings()
        named = numbers_named(found, changed)
        if not found or not is_named(change, touched, named):
            missed.append((number, change.__name__, touched, [str(finding) for finding in found][:5]))
    assert missed == []
    assert len(kept_alive) == ENTRIES


def is_named(change, touched, named):
    """The touched number itself; for a history made anew, a number before it from which on nothing is vouched for."""
    if not touched or touched & named:
        return True
    return change in NAMES_FIRST_OF_RANGE and min(named, default=ENTRIES + 1) <= min(touched)


# -- the same against the live tables

NOT_EVIDENCE = {"made_at", "destroyed_at"}
"""Bookkeeping beside a signed statement: when a row was written. The signed times stand in the statements themselves."""
TABLES = {
    "ledger_ledgerentry": ["id", "log", "kind", "recorded_at", "subject", "commitment", "key_id", "ciphertext"],
    "ledger_ledgerleaf": ["log", "seq", "entry_id", "leaf_hash", "chain_hash"],
    "ledger_ledgernode": ["log", "level", "index", "node_hash"],
    "ledger_ledgercheckpoint": ["log", "size", "root", "chain_head", "note"],
    "ledger_ledgersubject": ["entry_id", "position", "subject"],
    "ledger_ledgercosignature": ["log", "size", "witness", "note"],
    "ledger_ledgerkey": ["id", "subject", "wrapped"],
    "ledger_ledgername": ["number", "name"],
}
FLIPS = {
    "uuid": "gen_random_uuid()",
    "text": "overlay({0} placing '~' from (1 + random() * (length({0}) - 1))::int for 1)",
    "number": "{0} # 4096",
    "time": "{0} + interval '1 microsecond'",
}


NAMED = {"ledger_ledgerentry", "ledger_ledgerleaf", "ledger_ledgernode"}
"""Where a name stands as its number."""


def kind_of(column, table=""):
    if column in {"log", "kind"} and table in NAMED:
        return "number"
    if column in {"log", "kind", "note", "witness", "name"}:
        return "text"
    if column in {"number", "seq", "level", "index", "size", "position"}:
        return "number"
    if column in {"id", "entry_id", "key_id"}:
        return "uuid"
    return "time" if column == "recorded_at" else "bytea"


def test_sixty_random_changes_of_the_live_tables_are_all_found_and_named(monkeypatch):
    write_log(120, monkeypatch, batch=20)
    assert verify("default").is_clean
    chance, missed = random.Random(SEED), []

    for number in range(CHANGES_LIVE):
        with transaction.atomic(), connections["default"].cursor() as cursor:
            touched = change_live(cursor, number, chance)
            found = verify("default").findings
            is_right = any(str(finding.entry_id) == touched[1] or not touched[1] for finding in found)
            if not found or not is_right:
                missed.append((touched, [str(finding) for finding in found][:4]))
            transaction.set_rollback(True)
    assert missed == []
    assert verify("default").is_clean


def change_live(cursor, number, chance):
    """Change one row, as a superuser would; return what was done and the entry it belongs to, where it belongs to one."""
    if number % 4 == 3:
        table = chance.choice(sorted(TABLES.keys() - {"ledger_ledgernode", "ledger_ledgercheckpoint", "ledger_ledgercosignature"}))
        return f"DELETE {table}", row_change(cursor, "DELETE FROM {table} WHERE ctid = %s", table, chance)
    table = sorted(TABLES)[number % len(TABLES)]
    column = chance.choice(TABLES[table])
    set_bit = (
        "UPDATE {table} SET {column} = set_byte({column}, 0, 255 - get_byte({column}, 0)) WHERE ctid = %s"
        if kind_of(column, table) == "bytea"
        else f"UPDATE {{table}} SET {{column}} = {FLIPS[kind_of(column, table)].format(column)} WHERE ctid = %s"
    )
    cursor.execute("ALTER TABLE ledger_ledgerkey DISABLE TRIGGER only_destroyed")
    return f"{table}.{column}", row_change(cursor, set_bit.replace("{column}", column), table, chance)


def row_change(cursor, statement, table, chance):
    where = {"ledger_ledgerentry": "WHERE subject_count = 1", "ledger_ledgerkey": "WHERE subject IS NOT NULL"}.get(table, "")
    cursor.execute(f"SELECT ctid::text, * FROM {table} {where} ORDER BY ctid")
    row = chance.choice(cursor.fetchall())
    names = [column[0] for column in cursor.description]
    entry = dict(zip(names, row, strict=True)).get("entry_id" if table != "ledger_ledgerentry" else "id")
    cursor.execute(statement.replace("{table}", table), [row[0]])
    assert cursor.rowcount == 1
    return str(entry) if entry else ""
