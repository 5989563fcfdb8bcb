"""A ledger's keeper, his witness, and a superuser who rewrites the keeper's tables and signs anew with the keeper's own key."""

from uuid import UUID

from django.db import connections, transaction

from dean06.core import clock
from dean06.core.actor import SYSTEM
from dean06.core.keys import PersonKey
from dean06.ledger.checkpoints import sign
from dean06.ledger.domain.leaves import chain_hash
from dean06.ledger.domain.merkle import Frontier
from dean06.ledger.domain.notes import Checkpoint
from dean06.ledger.public import add_witness, log_keys, record, sequence, watch
from dean06.ledger.sequencer import ENTRY_COLUMNS, entry_of
from dean06.ledger.witnessing import add_checkpoint, last_seen

KEEPER, WITNESS = "VN.GOV.G01", "VN.COM.DEMOBANK"
ADDRESS = f"http://bank.example/witness/{WITNESS}"
PEOPLE = [PersonKey(UUID(int=number)) for number in range(1, 8)]
TABLES = ("ledgerentry", "ledgerleaf", "ledgernode", "ledgercheckpoint", "ledgercosignature")


def write_entries(count, *, log="registry", using="default"):
    """Record entries and number them; return their ids."""
    with transaction.atomic(using=using):
        given = {"log": log, "using": using, "actor": SYSTEM, "who": "Công an phường Hồng Gai"}
        keys = [record("registry.page_shown", subject=PEOPLE[n % 7], detail={"n": n}, **given) for n in range(count)]
    sequence(using)
    return keys


def appoint_witness(log="registry"):
    """Let the bank's witness follow the ministry's log, and the ministry submit to it; return the verifier key."""
    write_entries(1, log=log)  # the log has a key from its first checkpoint on
    key = watch(witness=WITNESS, keeper=KEEPER, log_name=log, keys=log_keys())
    add_witness(verifier_key=str(key), address=ADDRESS, logs=[log])
    return key


def in_process(method, address, body):
    """Carry a request to the witness without a network."""
    if method == "POST":
        reply = add_checkpoint(WITNESS, body)
        return int(reply.status), reply.body
    return 200, "\f".join(last_seen(WITNESS, address.rpartition("log=")[2]))


def sql(statement, *values, using="default"):
    """Run a statement as the tables' owner."""
    with connections[using].cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def cut_and_sign_anew(log, size, *, using="default"):
    """Remove everything behind a size, cosignatures too, and sign what is left as if it had always ended there."""
    behind = "(SELECT entry_id FROM ledger_ledgerleaf WHERE log = ledger_number(%s) AND seq > %s)"
    sql(f"DELETE FROM ledger_ledgerentry WHERE id IN {behind}", log, size, using=using)
    sql("DELETE FROM ledger_ledgerleaf WHERE log = ledger_number(%s) AND seq > %s", log, size, using=using)
    sign_anew(log, using=using)


def sign_anew(log, *, using="default"):
    """Recompute leaves, chain, nodes and one checkpoint from the entries as they stand, with the log's own key."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"SELECT {ENTRY_COLUMNS} FROM ledger_ledgerleaf l JOIN ledger_ledgerentry e ON e.id = l.entry_id"
            " WHERE l.log = ledger_number(%s) ORDER BY l.seq",
            [log],
        )
        entries = [entry_of(row) for row in cursor.fetchall()]
        for table in ("ledgerleaf", "ledgernode"):
            cursor.execute(f"DELETE FROM ledger_{table} WHERE log = ledger_number(%s)", [log])
        for table in ("ledgercheckpoint", "ledgercosignature"):
            cursor.execute(f"DELETE FROM ledger_{table} WHERE log = %s", [log])
        tree, chain = Frontier(), bytes(32)
        for entry in entries:
            leaf = entry.leaf_hash()
            chain = chain_hash(chain, leaf)
            for place, value in tree.append(leaf):
                if place.is_stored:
                    cursor.execute(
                        "INSERT INTO ledger_ledgernode (log, level, index, node_hash) VALUES (ledger_number(%s), %s, %s, %s)",
                        [log, place.level, place.index, value],
                    )
            cursor.execute(
                "INSERT INTO ledger_ledgerleaf (log, seq, entry_id, leaf_hash, chain_hash) VALUES (ledger_number(%s), %s, %s, %s, %s)",
                [log, tree.size, entry.id, leaf, chain],
            )
        note = sign(Checkpoint(log, tree.size, tree.root(), chain))
        cursor.execute(
            "INSERT INTO ledger_ledgercheckpoint (log, size, root, chain_head, note, made_at) VALUES (%s, %s, %s, %s, %s, %s)",
            [log, tree.size, tree.root(), chain, note, clock.now()],
        )
