"""Cosignatures and time stamps of checkpoints, the witnesses that we have, and the logs that our witnesses follow.

New tables only; no lock on what is there. Back-out: drop them, the log itself is untouched.
"""

import dean06.core.clock
from dean06.ledger.schema_sql import allow_changes, refuse_changes
from django.db import migrations, models

APPEND_ONLY = ("ledger_ledgercosignature", "ledger_ledgerstamp", "ledger_refusedcheckpoint")


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='LedgerCosignature',
            fields=[
                ('pk', models.CompositePrimaryKey('log', 'size', 'witness', blank=True, editable=False, primary_key=True, serialize=False)),
                ('log', models.CharField(max_length=100)),
                ('size', models.BigIntegerField()),
                ('witness', models.CharField(max_length=200)),
                ('note', models.TextField()),
                ('made_at', models.DateTimeField(default=dean06.core.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name='LedgerStamp',
            fields=[
                ('pk', models.CompositePrimaryKey('log', 'size', blank=True, editable=False, primary_key=True, serialize=False)),
                ('log', models.CharField(max_length=100)),
                ('size', models.BigIntegerField()),
                ('token', models.BinaryField()),
                ('made_at', models.DateTimeField(default=dean06.core.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name='LedgerWitness',
            fields=[
                ('name', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('verifier_key', models.CharField(max_length=400)),
                ('address', models.CharField(max_length=500)),
                ('logs', models.JSONField(default=list)),
                ('answered_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, default='', max_length=40)),
                ('problem_detail', models.TextField(blank=True, default='')),
                ('problem_log', models.CharField(blank=True, default='', max_length=100)),
            ],
        ),
        migrations.CreateModel(
            name='WatchedLog',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('witness', models.CharField(max_length=200)),
                ('keeper', models.CharField(max_length=200)),
                ('origin', models.CharField(max_length=200)),
                ('keys', models.JSONField(help_text="The log's Ed25519 public keys, base64.")),
                ('size', models.BigIntegerField(default=0)),
                ('root', models.BinaryField(max_length=32, null=True)),
                ('note', models.TextField(blank=True, default='')),
                ('seen_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('witness', 'keeper', 'origin'), name='ledger_watched_once')],
            },
        ),
        migrations.CreateModel(
            name='RefusedCheckpoint',
            fields=[
                ('digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('witness', models.CharField(max_length=200)),
                ('keeper', models.CharField(max_length=200)),
                ('problem', models.CharField(max_length=40)),
                ('seen_note', models.TextField()),
                ('offered_note', models.TextField()),
                ('proof', models.JSONField(default=list)),
                ('refused_at', models.DateTimeField(default=dean06.core.clock.now)),
            ],
        ),
        migrations.RunSQL(refuse_changes(*APPEND_ONLY), reverse_sql=allow_changes(*APPEND_ONLY)),
    ]
