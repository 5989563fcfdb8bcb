"""Walking a log: each leaf, link, node, checkpoint and cosignature is computed anew and compared with what is stored.

Each fault is reported where it is, not again at everything built upon it: the walk goes on from the stored values after a
broken link, and after the first wrong root later ones tell nothing new.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import merge
from typing import Any, Final
from uuid import UUID

from dean06.ledger.checkpoints import is_signed, known_keys
from dean06.ledger.domain.leaves import CHAIN_START, SALT_BYTES, Entry, chain_hash, commitment, kind_of
from dean06.ledger.domain.merkle import STORED_EVERY, Frontier, hash_leaf
from dean06.ledger.domain.notes import Checkpoint, MalformedNote, Note
from dean06.ledger.domain.shapes import Unpacker
from dean06.ledger.findings import Finding, Findings
from dean06.ledger.naming import number_of
from dean06.ledger.secrets import unlock, unwrap
from dean06.ledger.stamping import stamped_digest
from dean06.ledger.stored import StoredLeaf, leaves_after, nodes_between, sound_run
from dean06.ledger.submitting import Statement, statement_of, witnesses
from dean06.ledger.words import words_by_number
from dean06.signing.public import TimestampWrong, stamped_at

KEYS_IN_MEMORY: Final = 10_000
STAMPS: Final = """
    SELECT s.size, s.token, c.note FROM ledger_ledgerstamp s
    LEFT JOIN ledger_ledgercheckpoint c ON c.log = s.log AND c.size = s.size WHERE s.log = %s ORDER BY s.size
"""
SURPLUS_NODES: Final = """
    SELECT n.level, n.index FROM generate_series(1, 62) AS g(level)
    JOIN ledger_ledgernode n ON n.log = (SELECT ledger_number(%(log)s)) AND n.level = g.level
        AND n.index >= CASE WHEN g.level %% %(every)s = 0 THEN %(size)s::bigint >> g.level ELSE 0 END
    ORDER BY 1, 2 LIMIT 1000
"""
ENDLESS: Final = (1 << 63) - 1


@dataclass
class LogWalk:
    """One pass over a log from its first leaf to its last, or over a part of it.

    Attributes:
        told: what witnesses say that they saw, beside the cosignatures that are stored.
        until: the last number of the part.
        with_readings: whether the readable parts are opened and compared with what was committed to.
        chain: the chain's end before the part.
        last_seq: how many leaves stand before the part.
        tree: the tree before the part.
    """

    cursor: Any
    log: str
    told: list[Statement] = field(default_factory=list)
    until: int = ENDLESS
    with_readings: bool = True
    chain: bytes = CHAIN_START
    last_seq: int = 0
    tree: Frontier | None = field(default_factory=Frontier)
    findings: list[Finding] = field(default_factory=list)
    entries: int = 0
    checkpoints: int = 0
    destroyed: int = 0
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    last_good_size: int = 0
    has_diverged: bool = False
    cosignatures: int = 0
    last_cosigned: int = 0
    is_forked: bool = False

    def walk(self, tell: Callable[[int], None] = lambda _: None) -> Findings:
        """Walk to the end, then look at what should have been in the log.

        Args:
            tell: is called with the number that was reached.
        """
        self.walk_part(tell)
        self._see_end()
        pending = self._see_unnumbered()
        stamps = self._see_stamps()
        seen = (self.entries, pending, self.checkpoints, self.destroyed, self.cosignatures, stamps)
        return Findings(tuple(self.findings), (self.log,), *seen)

    def walk_part(self, tell: Callable[[int], None] = lambda _: None) -> None:
        """Walk up to ``until`` and say nothing yet of what lies behind."""
        before = self.last_seq or -1
        self.keys = known_keys()
        self.unpack = Unpacker((words_by_number(self.cursor) if self.with_readings else {}).__getitem__)
        self.signed = self._checkpoints(before)
        self.next_checkpoint = next(self.signed, None)
        told = (one for one in self.told if before < one.checkpoint.size <= self.until)
        self.statements = merge(self._cosigned(before), sorted(told, key=_size_of), key=_size_of)
        self.next_statement = next(self.statements, None)
        while self._see_run() or self._see_one_by_one():
            tell(self.last_seq)

    def _found(self, problem: str, detail: str, *, seq: int | None = None, entry_id: UUID | None = None) -> None:
        self.findings.append(Finding(self.log, problem, detail, seq, entry_id))

    # -- many leaves at once

    def _see_run(self) -> bool:
        """See the next leaves all at once; nothing is seen yet if one of them does not fit."""
        first, chain = self.last_seq, self.chain
        run = sound_run(self.cursor, self.log, first, chain, until=self.until) if chain and self.tree is not None else None
        if run is None:
            return False
        last = first + len(run.leaves)
        if self.with_readings:
            for leaf in leaves_after(self.cursor, self.log, first, until=last, with_readings=True):
                if leaf.entry is not None:
                    self._see_reading(leaf, leaf.entry)
        self.nodes = nodes_between(self.cursor, self.log, first, last)
        self.entries += len(run.leaves)
        while self.last_seq < last:
            size = min([last, *(due for due in self._due() if due > self.last_seq)])
            self._extend(run.leaves[self.last_seq - first : size - first])
            self.chain, self.last_seq = run.chains[size - first - 1], size
            self._see_checkpoints_up_to(size)
            self._see_statements_up_to(size)
        return True

    def _due(self) -> list[int]:
        """Return the sizes at which a checkpoint or a witness says something next."""
        checkpoint = [self.next_checkpoint[0]] if self.next_checkpoint is not None else []
        return checkpoint + ([self.next_statement.checkpoint.size] if self.next_statement is not None else [])

    def _extend(self, leaves: list[bytes]) -> None:
        if self.tree is not None:
            for place, computed in self.tree.extend(leaves):
                self._see_node(place.level, place.index, computed)

    # -- reading

    def _see_one_by_one(self) -> bool:
        batch = self._batch()
        for leaf in batch:
            self._see(leaf)
        return bool(batch)

    def _batch(self) -> list[StoredLeaf]:
        before = self.last_seq
        leaves = leaves_after(self.cursor, self.log, before, until=self.until, with_readings=self.with_readings)
        if leaves and self.tree is not None:
            self.nodes = nodes_between(self.cursor, self.log, before, leaves[-1].seq)
        return leaves

    def _checkpoints(self, before: int) -> Iterator[tuple[int, bytes, bytes, str]]:
        size = before
        while True:
            self.cursor.execute(
                "SELECT size, root, chain_head, note FROM ledger_ledgercheckpoint"
                " WHERE log = %s AND size > %s AND size <= %s ORDER BY size LIMIT 1000",
                [self.log, size, self.until],
            )
            rows = self.cursor.fetchall()
            if not rows:
                return
            for size, root, chain_head, note in rows:
                yield size, bytes(root), bytes(chain_head), note

    # -- one leaf

    def _see(self, leaf: StoredLeaf) -> None:
        if leaf.seq != self.last_seq + 1:
            self._see_gap(leaf.seq)
        self.entries += 1
        true_leaf = self._see_entry(leaf)
        if self.chain and chain_hash(self.chain, true_leaf) != leaf.chain_hash:
            self._found("chain_broken", "does not follow from the entry before it", seq=leaf.seq, entry_id=leaf.entry_id)
        self.chain, self.last_seq = leaf.chain_hash, leaf.seq
        self._grow(true_leaf)
        self._see_checkpoints_up_to(leaf.seq)
        self._see_statements_up_to(leaf.seq)

    def _see_gap(self, seq: int) -> None:
        first, last = self.last_seq + 1, seq - 1
        what = f"number {first} is missing" if first == last else f"numbers {first} to {last} are missing"
        self._found("leaf_missing", what, seq=first)
        self.chain, self.tree = b"", None  # what follows cannot be computed over a hole; links after it still can

    def _see_entry(self, leaf: StoredLeaf) -> bytes:
        """Compare entry and leaf; return the leaf hash that the chain bears out."""
        if leaf.entry is None:
            self._found("entry_missing", "the entry was removed", seq=leaf.seq, entry_id=leaf.entry_id)
            return leaf.leaf_hash
        computed = leaf.entry.leaf_hash()
        if self.with_readings:
            self._see_reading(leaf, leaf.entry)
        if leaf.entry.subjects_root:
            self._see_subjects(leaf, leaf.entry)
        if computed == leaf.leaf_hash and leaf.entry.log == self.log:
            return computed
        if self.chain and chain_hash(self.chain, computed) == leaf.chain_hash:
            self._found("leaf_altered", "the stored leaf hash is not the entry's", seq=leaf.seq, entry_id=leaf.entry_id)
            return computed
        self._found("entry_altered", "the entry is not the one that was numbered", seq=leaf.seq, entry_id=leaf.entry_id)
        return leaf.leaf_hash

    def _see_reading(self, leaf: StoredLeaf, entry: Entry) -> None:
        if problem := self._reading_problem(leaf, entry):
            self._found(*problem, seq=leaf.seq, entry_id=leaf.entry_id)

    def _reading_problem(self, leaf: StoredLeaf, entry: Entry) -> tuple[str, str] | None:
        if not leaf.ciphertext:
            return "reading_missing", "the readable part was removed instead of its key"
        if not leaf.has_key:
            return "key_missing", "the row of the data key was removed"
        if bytes(leaf.key_owner or b"") != entry.subject:
            return "key_altered", "the data key is not that of the entry's subject"
        if leaf.wrapped is None:
            self.destroyed += 1
            return None
        return _text_problem(leaf, entry, unpack=self.unpack, ciphertext=bytes(leaf.ciphertext), wrapped=bytes(leaf.wrapped))

    def _see_subjects(self, leaf: StoredLeaf, entry: Entry) -> None:
        self.cursor.execute("SELECT position, subject FROM ledger_ledgersubject WHERE entry_id = %s ORDER BY position", [entry.id])
        rows, tree = self.cursor.fetchall(), Frontier()
        for _, subject in rows:
            tree.append(hash_leaf(bytes(subject)))
        is_whole = [position for position, _ in rows] == list(range(entry.subject_count))
        if not is_whole or tree.root() != entry.subjects_root:
            self._found("subjects_altered", "the people listed are not those committed to", seq=leaf.seq, entry_id=entry.id)

    # -- tree and checkpoints

    def _grow(self, leaf: bytes) -> None:
        if self.tree is None:
            return
        for level, computed in enumerate(self.tree.grow(leaf), start=1):
            if level % STORED_EVERY == 0:
                self._see_node(level, self.tree.size - 1 >> level, computed)

    def _see_node(self, level: int, index: int, computed: bytes) -> None:
        if self.nodes.get((level, index)) != computed:
            first, last = (index << level) + 1, index + 1 << level
            what = "is missing" if (level, index) not in self.nodes else "is wrong"
            self._found("node_altered", f"the stored hash over entries {first} to {last} {what}", seq=first)

    def _see_checkpoints_up_to(self, size: int) -> None:
        while self.next_checkpoint is not None and self.next_checkpoint[0] <= size:
            if self.next_checkpoint[0] == size:
                self._see_checkpoint(*self.next_checkpoint)
            else:
                self._found("checkpoint_altered", "a checkpoint over a number that is missing", seq=self.next_checkpoint[0])
            self.next_checkpoint = next(self.signed, None)

    def _see_checkpoint(self, size: int, root: bytes, chain_head: bytes, note_text: str) -> None:
        self.checkpoints += 1
        stated = Checkpoint(self.log, size, root, chain_head)
        if not self._is_signed(stated, note_text):
            self._found("checkpoint_altered", f"the checkpoint over {size} entries does not bear our signature", seq=size)
            return
        if self.chain != chain_head:
            self._found("chain_rewritten", f"the chain's end is not what was signed at {size} entries", seq=self.last_good_size + 1)
        if self.tree is None:
            return
        if self.tree.root() == root:
            self.last_good_size = size
        elif not self.has_diverged:  # every later root is wrong with it
            self.has_diverged = True
            where = f"entries {self.last_good_size + 1} to {size}"
            self._found("log_rewritten", f"{where} are not those that were signed at {size} entries", seq=self.last_good_size + 1)

    def _is_signed(self, stated: Checkpoint, note_text: str) -> bool:
        try:
            note = Note.parse(note_text)
            return str(note) == note_text and Checkpoint.parse(note.text) == stated and is_signed(note, self.keys)
        except MalformedNote:
            return False

    # -- what witnesses saw

    def _cosigned(self, before: int) -> Iterator[Statement]:
        after: tuple[int, str] = (before + 1, "")
        keys: dict[str, str] | None = None
        while True:
            self.cursor.execute(
                "SELECT size, witness, note FROM ledger_ledgercosignature WHERE log = %s AND (size, witness) > (%s, %s) AND size <= %s"
                " ORDER BY size, witness LIMIT 1000",
                [self.log, *after, self.until],
            )
            rows = self.cursor.fetchall()
            if not rows:
                return
            keys = {witness.name: witness.verifier_key for witness in witnesses()} if keys is None else keys
            for size, witness, note in rows:
                after = (size, witness)
                made = statement_of(note, keys.get(witness, ""))
                if made is None or (made.checkpoint.log, made.checkpoint.size) != (self.log, size):
                    self._found("cosignature_altered", f"what {witness} is said to have cosigned is not its own", seq=size)
                else:
                    yield made

    def _see_statements_up_to(self, size: int) -> None:
        while self.next_statement is not None and self.next_statement.checkpoint.size <= size:
            self._see_statement(self.next_statement)
            self.next_statement = next(self.statements, None)

    def _see_statement(self, statement: Statement) -> None:
        self.cosignatures += 1
        stated = statement.checkpoint
        if self.tree is None or stated.size != self.tree.size or self.is_forked:
            return
        if self.tree.root() == stated.root:
            self.last_cosigned = stated.size
            return
        self.is_forked = True
        where = f"entries {self.last_cosigned + 1} to {stated.size}"
        self._found("log_forked", f"{where} are not those that {statement.witness} saw", seq=self.last_cosigned + 1)

    def _see_statements_beyond_the_end(self) -> None:
        newest: Statement | None = None
        while self.next_statement is not None:
            self.cosignatures += 1
            newest, self.next_statement = self.next_statement, next(self.statements, None)
        if newest is not None:
            what = f"{newest.witness} saw numbers {self.last_seq + 1} to {newest.checkpoint.size}, and they are gone"
            self._found("tail_cut", what, seq=self.last_seq + 1)

    def _see_stamps(self) -> int:
        """Verify each time stamp: a trusted authority's, over the note of the checkpoint of its size; count them."""
        self.cursor.execute(STAMPS, [self.log])
        stamps = self.cursor.fetchall()
        for size, token, note in stamps:
            if note is None:
                self._found("stamp_altered", f"there is a time stamp over {size} entries, but no checkpoint of this size", seq=size)
                continue
            try:
                stamped_at(bytes(token), stamped_digest(note))
            except TimestampWrong as wrong:
                what = f"the time stamp over {size} entries is not a trusted authority's over this checkpoint ({wrong.context['reason']})"
                self._found("stamp_altered", what, seq=size)
        return len(stamps)

    # -- after the last leaf

    def _see_end(self) -> None:
        self._see_statements_beyond_the_end()
        newest = self.checkpoints and self.next_checkpoint is None
        if number_of(self.cursor, self.log) is None and (self.checkpoints or self.next_checkpoint):
            self._found("name_missing", "the name that the log was signed under was altered or removed")
        while self.next_checkpoint is not None:
            size, root, chain_head, note = self.next_checkpoint
            self.checkpoints += 1
            if not self._is_signed(Checkpoint(self.log, size, root, chain_head), note):
                self._found("checkpoint_altered", f"the checkpoint over {size} entries does not bear our signature", seq=size)
            else:
                detail = f"numbers {self.last_seq + 1} to {size} were signed and are gone"
                self._found("tail_cut", detail, seq=self.last_seq + 1)
            self.next_checkpoint = next(self.signed, None)
        self.cursor.execute("SELECT max(size) FROM ledger_ledgercheckpoint WHERE log = %s", [self.log])
        signed_up_to = self.cursor.fetchone()[0] or 0
        if self.last_seq > signed_up_to and (newest or not signed_up_to):
            self._found("tail_unsigned", f"no checkpoint covers numbers {signed_up_to + 1} to {self.last_seq}", seq=signed_up_to + 1)
        self._see_surplus_nodes()

    def _see_surplus_nodes(self) -> None:
        self.cursor.execute(
            SURPLUS_NODES,
            {"log": self.log, "size": self.last_seq, "every": STORED_EVERY},
        )
        surplus = self.cursor.fetchall()
        cut = any(finding.problem == "tail_cut" for finding in self.findings)
        for level, index in surplus if not cut else ():  # after a cut they are what is left of the tail
            self._found("node_altered", "a stored hash where none is kept", seq=(index << level) + 1)

    def _see_unnumbered(self) -> int:
        """Find entries that neither have a number nor wait for one, and numbered ones that still wait; count the waiting."""
        if self._are_all_numbered():
            return 0
        self.cursor.execute(
            "SELECT e.id, p.entry_id IS NOT NULL FROM ledger_ledgerentry e"
            " LEFT JOIN ledger_ledgerpending p ON p.entry_id = e.id AND p.log = e.log"
            " LEFT JOIN ledger_ledgerleaf l ON l.entry_id = e.id WHERE e.log = (SELECT ledger_number(%s)) AND l.entry_id IS NULL",
            [self.log],
        )
        pending = 0
        for entry_id, is_waiting in self.cursor.fetchall():
            pending += is_waiting
            if not is_waiting:
                self._found("entry_unnumbered", "the entry has no number and does not wait for one", entry_id=entry_id)
        self.cursor.execute(
            "SELECT p.entry_id, l.seq FROM ledger_ledgerpending p JOIN ledger_ledgerleaf l ON l.entry_id = p.entry_id"
            " WHERE p.log = (SELECT ledger_number(%s))",
            [self.log],
        )
        for entry_id, seq in self.cursor.fetchall():
            self._found("pending_stray", "the entry has its number and waits for another", seq=seq, entry_id=entry_id)
        return pending

    def _are_all_numbered(self) -> bool:
        """Say by counting whether every entry was seen under its number; each leaf names another one."""
        if self.findings:
            return False
        self.cursor.execute(
            "SELECT (SELECT count(*) FROM ledger_ledgerentry WHERE log = (SELECT ledger_number(%s))),"
            " EXISTS (SELECT 1 FROM ledger_ledgerpending WHERE log = (SELECT ledger_number(%s)))",
            [self.log, self.log],
        )
        return bool(self.cursor.fetchone() == (self.last_seq, False))


def _text_problem(leaf: StoredLeaf, entry: Entry, *, unpack: Unpacker, ciphertext: bytes, wrapped: bytes) -> tuple[str, str] | None:
    data_key = _unwrapped(wrapped, leaf.key_id) if leaf.key_id else None
    if data_key is None:
        return "key_altered", "the data key does not open with this installation's secret"
    opened = unlock(ciphertext, data_key=data_key, entry_id=leaf.entry_id, unpack=unpack) or b""
    if commitment(opened[:SALT_BYTES], opened[SALT_BYTES:]) != entry.commitment or kind_of(opened[SALT_BYTES:]) != entry.kind:
        return "reading_altered", "the readable part is not the one that was committed to"
    return None


def _size_of(statement: Statement) -> int:
    return statement.checkpoint.size


@lru_cache(maxsize=KEYS_IN_MEMORY)
def _unwrapped(wrapped: bytes, key_id: UUID) -> bytes | None:
    return unwrap(wrapped, key_id=key_id)
