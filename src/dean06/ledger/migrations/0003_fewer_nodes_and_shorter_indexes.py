"""Hashes of every fourth level are kept, the rest is computed; entries are found by a prefix of the pseudonym; no index by log.

The hashes that go are computed from those below whenever they are asked for. Deleting them and building the index reads both tables
once; writers of the log wait meanwhile. Back-out: programs of before stop at a hash that is not there; they could be stored again.
"""

from django.db import migrations, models
from django.db.models import F, Func, Q, Value

FEWER = """
SET LOCAL dean06.ledger_maintenance = 'on';
DELETE FROM ledger_ledgernode WHERE level % 4 <> 0;
SET LOCAL dean06.ledger_maintenance = '';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_witnesses_and_stamps'),
    ]

    operations = [
        migrations.RunSQL(FEWER, reverse_sql=migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name='ledgerentry', name='ledger_entry_log'),
        migrations.RemoveIndex(model_name='ledgerentry', name='ledger_entry_subject'),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(
                Func(F('subject'), Value(1), Value(8), function='substring'),
                F('id').desc(),
                condition=Q(subject__isnull=False),
                name='ledger_entry_subject',
            ),
        ),
    ]
