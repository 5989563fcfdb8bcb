"""Words that readable parts repeat; columns of a leaf without padding between them.

A database that holds entries is refused, as by the migration before. Back-out: drop the tables of ``ledger`` and begin again.
"""

from django.db import migrations, models

EMPTY = """
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM ledger_ledgerentry) THEN
        RAISE EXCEPTION 'the ledger holds entries in a form of before the first release: begin with an empty database';
    END IF;
END $$;
"""
REFUSE = "".join(
    f"""
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
    for table in ("ledger_ledgerword", "ledger_ledgerleaf")
)


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0004_readable_parts_in_their_entries'),
    ]

    operations = [
        migrations.RunSQL(EMPTY, reverse_sql=EMPTY),
        migrations.DeleteModel(name='LedgerLeaf'),
        migrations.CreateModel(
            name='LedgerLeaf',
            fields=[
                ('pk', models.CompositePrimaryKey('log', 'seq', blank=True, editable=False, primary_key=True, serialize=False)),
                ('seq', models.BigIntegerField()),
                ('entry_id', models.UUIDField(unique=True)),
                ('log', models.CharField(max_length=100)),
                ('leaf_hash', models.BinaryField(max_length=32)),
                ('chain_hash', models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='LedgerWord',
            fields=[
                ('number', models.SmallAutoField(primary_key=True, serialize=False)),
                ('word', models.BinaryField(max_length=500, unique=True)),
            ],
        ),
        migrations.RunSQL(REFUSE, reverse_sql=migrations.RunSQL.noop),
    ]
