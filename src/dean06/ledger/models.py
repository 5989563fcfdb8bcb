"""Tables of the log, in every database: entries commit with the state they report, the tree grows behind them.

No foreign keys: each table is checked against the others by ``verification``, and an insert costs what an insert costs.
"""

from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Func, Q, Value

from dean06.core.clock import now
from dean06.core.keys import new_key
from dean06.ledger.naming import NameField

SUBJECT_PREFIX: Final = 7
"""Bytes of a pseudonym that the index holds: with its length they fill eight, and leave hardly two people together."""


class LedgerEntry(models.Model):
    """One thing that happened: a change or a look, as commitments, and the readable part, locked.

    What is empty is no null, and columns of a fixed width stand first: rows without padding and without a map of nulls.
    """

    is_append_only: ClassVar[bool] = True

    recorded_at = models.DateTimeField()
    id = models.UUIDField(primary_key=True, editable=False)
    key_id = models.UUIDField()
    subject_count = models.IntegerField()
    log = NameField()
    kind = NameField()
    subject = models.BinaryField(max_length=32)
    subjects_root = models.BinaryField(max_length=32)
    commitment = models.BinaryField(max_length=32)
    ciphertext = models.BinaryField()

    class Meta:
        indexes = [
            models.Index(
                Func(F("subject"), Value(1), Value(SUBJECT_PREFIX), function="substring"),
                F("id").desc(),
                condition=Q(subject_count=1),
                name="ledger_entry_subject",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_entry_subject_or_root",
                condition=Q(subject=b"", subjects_root=b"", subject_count=0)
                | (Q(subjects_root=b"", subject_count=1) & ~Q(subject=b""))
                | (Q(subject=b"", subject_count__gt=0) & ~Q(subjects_root=b"")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.log} {self.kind} {self.id}"


class LedgerPending(models.Model):
    """An entry that waits for its number; the sequencer deletes the row in the transaction that numbers it."""

    entry_id = models.UUIDField(primary_key=True)
    log = NameField()

    class Meta:
        indexes = [models.Index(fields=["log", "entry_id"], name="ledger_pending_next")]

    def __str__(self) -> str:
        return f"{self.log} {self.entry_id}"


class LedgerLeaf(models.Model):
    """An entry's number in its log, from 1, with its leaf hash and the chain up to it."""

    is_append_only: ClassVar[bool] = True

    pk = models.CompositePrimaryKey("log", "seq")
    seq = models.BigIntegerField()
    entry_id = models.UUIDField(unique=True)
    log = NameField()
    leaf_hash = models.BinaryField(max_length=32)
    chain_hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.log} {self.seq}"


class LedgerNode(models.Model):
    """The hash of a complete subtree of every fourth level above the leaves, so that a proof reads O(log n) rows."""

    is_append_only: ClassVar[bool] = True

    pk = models.CompositePrimaryKey("log", "level", "index")
    index = models.BigIntegerField()
    log = NameField()
    level = models.SmallIntegerField()
    node_hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.log} {self.level}/{self.index}"


class LedgerCheckpoint(models.Model):
    """A signed statement of a log's size and root, made with each batch of new leaves."""

    is_append_only: ClassVar[bool] = True

    pk = models.CompositePrimaryKey("log", "size")
    log = models.CharField(max_length=100)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    chain_head = models.BinaryField(max_length=32)
    note = models.TextField()
    made_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.log} {self.size}"


class LedgerKey(models.Model):
    """A data key for one person's readable parts, or for one day's that concern nobody or many; wrapped by the master key.

    Destroying it (``wrapped`` becomes null) removes the text of everything under it and leaves every proof.
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    subject = models.BinaryField(max_length=32, null=True)
    day = models.DateField(null=True)
    wrapped = models.BinaryField(null=True)
    made_at = models.DateTimeField(default=now)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject"], condition=Q(subject__isnull=False), name="ledger_key_subject"),
            models.Index(fields=["day"], condition=Q(day__isnull=False), name="ledger_key_day"),
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_key_person_or_day",
                condition=Q(subject__isnull=True, day__isnull=False) | Q(subject__isnull=False, day__isnull=True),
            ),
            models.CheckConstraint(
                name="ledger_key_destroyed_is_gone",
                condition=Q(wrapped__isnull=True, destroyed_at__isnull=False) | Q(wrapped__isnull=False, destroyed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class LedgerName(models.Model):
    """The name of a log or a kind; entries, numbers in the log and nodes hold its number, what they hash is the name."""

    is_append_only: ClassVar[bool] = True

    number = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class LedgerWord(models.Model):
    """A word that readable parts repeat; they hold its number."""

    is_append_only: ClassVar[bool] = True

    number = models.SmallAutoField(primary_key=True)
    word = models.BinaryField(max_length=500, unique=True)

    def __str__(self) -> str:
        return bytes(self.word).decode()


class LedgerSubject(models.Model):
    """One of the people that a bulk entry concerns, for her page; ``position`` is her leaf under the entry's root."""

    is_append_only: ClassVar[bool] = True

    pk = models.CompositePrimaryKey("entry_id", "position")
    entry_id = models.UUIDField()
    position = models.BigIntegerField()
    subject = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["subject", "-entry_id"], name="ledger_subject_page")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.position}"


class LedgerCosignature(models.Model):
    """A checkpoint of ours as a witness cosigned it; the whole note, so that it speaks for itself."""

    is_append_only: ClassVar[bool] = True

    pk = models.CompositePrimaryKey("log", "size", "witness")
    log = models.CharField(max_length=100)
    size = models.BigIntegerField()
    witness = models.CharField(max_length=200)
    note = models.TextField()
    made_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.log} {self.size} {self.witness}"


class LedgerStamp(models.Model):
    """A time-stamp token (RFC 3161) over a checkpoint's note."""

    is_append_only: ClassVar[bool] = True

    pk = models.CompositePrimaryKey("log", "size")
    log = models.CharField(max_length=100)
    size = models.BigIntegerField()
    token = models.BinaryField()
    made_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.log} {self.size}"


class LedgerWitness(models.Model):
    """A witness that our checkpoints are submitted to: who it is, where it listens, and what it last said.

    ``problem`` is what it refused (``tail_cut``, ``log_forked``); it stays until an operator has looked into it.
    """

    name = models.CharField(max_length=200, primary_key=True)
    verifier_key = models.CharField(max_length=400)
    address = models.CharField(max_length=500)
    logs = models.JSONField(default=list)
    answered_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=40, default="", blank=True)
    problem_detail = models.TextField(default="", blank=True)
    problem_log = models.CharField(max_length=100, default="", blank=True)

    def __str__(self) -> str:
        return self.name


class WatchedLog(models.Model):
    """A log of another keeper that one of our witnesses follows: only the size and root that it last saw."""

    id = models.BigAutoField(primary_key=True)
    witness = models.CharField(max_length=200)
    keeper = models.CharField(max_length=200)
    origin = models.CharField(max_length=200)
    keys = models.JSONField(help_text="The log's Ed25519 public keys, base64.")
    size = models.BigIntegerField(default=0)
    root = models.BinaryField(max_length=32, null=True)
    note = models.TextField(default="", blank=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["witness", "keeper", "origin"], name="ledger_watched_once")]

    def __str__(self) -> str:
        return f"{self.witness} {self.keeper} {self.origin}"


class RefusedCheckpoint(models.Model):
    """A signed checkpoint that contradicts what a witness saw before: both notes together prove the fork to anyone."""

    is_append_only: ClassVar[bool] = True

    digest = models.CharField(max_length=64, primary_key=True)
    witness = models.CharField(max_length=200)
    keeper = models.CharField(max_length=200)
    problem = models.CharField(max_length=40)
    seen_note = models.TextField()
    offered_note = models.TextField()
    proof = models.JSONField(default=list)
    refused_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.witness} {self.keeper} {self.problem}"
