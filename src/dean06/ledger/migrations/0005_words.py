"""Words that readable parts repeat; columns of a leaf without padding between them.

A database that holds entries is refused, as by the migration before. Back-out: drop the tables of ``ledger`` and begin again.
"""

from dean06.ledger.schema_sql import REFUSE_ENTRIES, refuse_changes
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0004_readable_parts_in_their_entries'),
    ]

    operations = [
        migrations.RunSQL(REFUSE_ENTRIES, reverse_sql=REFUSE_ENTRIES),
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
        migrations.RunSQL(refuse_changes("ledger_ledgerword", "ledger_ledgerleaf"), reverse_sql=migrations.RunSQL.noop),
    ]
