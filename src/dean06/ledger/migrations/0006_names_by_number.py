"""Names of logs and kinds stand once in a table and everywhere else as numbers; a shorter index by person (ADR 16).

``ledger_number`` and ``ledger_name`` read the table, ``ledger_numbered`` adds what is not in it. A database that holds entries is
refused, as by the migrations before. Back-out: drop the tables of ``ledger`` and begin again.
"""

import dean06.ledger.naming
from dean06.ledger.schema_sql import REFUSE_ENTRIES, refuse_changes
from django.db import migrations, models
from django.db.models import F, Func, Q, Value

APPEND_ONLY = ("ledger_ledgername", "ledger_ledgerentry", "ledger_ledgerleaf", "ledger_ledgernode")
FUNCTIONS = """
CREATE FUNCTION ledger_number(wanted text) RETURNS smallint LANGUAGE sql STABLE PARALLEL SAFE AS
    'SELECT number FROM ledger_ledgername WHERE name = wanted';
CREATE FUNCTION ledger_name(wanted smallint) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
    'SELECT coalesce((SELECT name FROM ledger_ledgername WHERE number = wanted), '''')';
CREATE FUNCTION ledger_numbered(wanted text) RETURNS smallint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    known smallint := ledger_number(wanted);
BEGIN
    IF known IS NULL THEN
        INSERT INTO ledger_ledgername (name) VALUES (wanted) ON CONFLICT (name) DO NOTHING;
        known := ledger_number(wanted);
    END IF;
    RETURN known;
END $$;
"""
NO_FUNCTIONS = "DROP FUNCTION ledger_numbered(text), ledger_name(smallint), ledger_number(text);"


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0005_words'),
    ]

    operations = [
        migrations.RunSQL(REFUSE_ENTRIES, reverse_sql=REFUSE_ENTRIES),
        migrations.DeleteModel(name='LedgerEntry'),
        migrations.DeleteModel(name='LedgerPending'),
        migrations.DeleteModel(name='LedgerLeaf'),
        migrations.DeleteModel(name='LedgerNode'),
        migrations.CreateModel(
            name='LedgerName',
            fields=[
                ('number', models.SmallAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100, unique=True)),
            ],
        ),
        migrations.RunSQL(FUNCTIONS, reverse_sql=NO_FUNCTIONS),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('recorded_at', models.DateTimeField()),
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('key_id', models.UUIDField()),
                ('subject_count', models.IntegerField()),
                ('log', dean06.ledger.naming.NameField()),
                ('kind', dean06.ledger.naming.NameField()),
                ('subject', models.BinaryField(max_length=32)),
                ('subjects_root', models.BinaryField(max_length=32)),
                ('commitment', models.BinaryField(max_length=32)),
                ('ciphertext', models.BinaryField()),
            ],
            options={
                'indexes': [
                    models.Index(
                        Func(F('subject'), Value(1), Value(7), function='substring'),
                        F('id').desc(),
                        condition=Q(subject_count=1),
                        name='ledger_entry_subject',
                    )
                ],
                'constraints': [
                    models.CheckConstraint(
                        condition=Q(subject=b'', subjects_root=b'', subject_count=0)
                        | (Q(subjects_root=b'', subject_count=1) & ~Q(subject=b''))
                        | (Q(subject=b'', subject_count__gt=0) & ~Q(subjects_root=b'')),
                        name='ledger_entry_subject_or_root',
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name='LedgerPending',
            fields=[
                ('entry_id', models.UUIDField(primary_key=True, serialize=False)),
                ('log', dean06.ledger.naming.NameField()),
            ],
            options={
                'indexes': [models.Index(fields=['log', 'entry_id'], name='ledger_pending_next')],
            },
        ),
        migrations.CreateModel(
            name='LedgerLeaf',
            fields=[
                ('pk', models.CompositePrimaryKey('log', 'seq', blank=True, editable=False, primary_key=True, serialize=False)),
                ('seq', models.BigIntegerField()),
                ('entry_id', models.UUIDField(unique=True)),
                ('log', dean06.ledger.naming.NameField()),
                ('leaf_hash', models.BinaryField(max_length=32)),
                ('chain_hash', models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='LedgerNode',
            fields=[
                ('pk', models.CompositePrimaryKey('log', 'level', 'index', blank=True, editable=False, primary_key=True, serialize=False)),
                ('index', models.BigIntegerField()),
                ('log', dean06.ledger.naming.NameField()),
                ('level', models.SmallIntegerField()),
                ('node_hash', models.BinaryField(max_length=32)),
            ],
        ),
        migrations.RunSQL(refuse_changes(*APPEND_ONLY), reverse_sql=migrations.RunSQL.noop),
    ]
