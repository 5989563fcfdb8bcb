"""The readable part stands in its entry's row; its salt and key are derived from the data key and stored nowhere (ADR 16).

What was written before is in another form, and only the programs that wrote it could open it: there was no release, so a database
that holds entries is refused. Back-out: drop the tables of ``ledger`` and begin again.
"""

from dean06.ledger.schema_sql import REFUSE_ENTRIES, refuse_changes
from django.db import migrations, models
from django.db.models import F, Func, Q, Value


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0003_fewer_nodes_and_shorter_indexes'),
    ]

    operations = [
        migrations.RunSQL(REFUSE_ENTRIES, reverse_sql=REFUSE_ENTRIES),
        migrations.DeleteModel(name='LedgerReading'),
        migrations.DeleteModel(name='LedgerEntry'),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('recorded_at', models.DateTimeField()),
                ('subject_count', models.BigIntegerField()),
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('key_id', models.UUIDField()),
                ('log', models.CharField(max_length=100)),
                ('kind', models.CharField(max_length=100)),
                ('subject', models.BinaryField(max_length=32)),
                ('subjects_root', models.BinaryField(max_length=32)),
                ('commitment', models.BinaryField(max_length=32)),
                ('ciphertext', models.BinaryField()),
            ],
            options={
                'indexes': [
                    models.Index(
                        Func(F('subject'), Value(1), Value(8), function='substring'),
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
        migrations.RunSQL(refuse_changes("ledger_ledgerentry"), reverse_sql=migrations.RunSQL.noop),
    ]
