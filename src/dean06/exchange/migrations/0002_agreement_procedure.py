"""Give each version of an agreement its procedure: who requested, who approved, how it stands.

Versions that are there came from packs: the newest of each agreement stands as it did, older ones lose to it by its first day.
"""

import dean06.core.clock
import django.db.models.deletion
from django.db import migrations, models

CASES_OF_PACKS = """
INSERT INTO exchange_agreementcase (agreement_id, origin, state, consumer, provider, reason, requested_at, signature)
SELECT id, 'pack', CASE WHEN withdrawn THEN 'ended' ELSE 'in_force' END,
       split_part(client, '/', 1) || '/' || split_part(client, '/', 2) || '/' || split_part(client, '/', 3),
       split_part(service, '/', 1) || '/' || split_part(service, '/', 2) || '/' || split_part(service, '/', 3),
       '', loaded_at, ''
FROM exchange_agreementversion;
INSERT INTO exchange_agreementevent (case_id, event, at, by, who, reason)
SELECT agreement_id, CASE WHEN state = 'ended' THEN 'withdrawn_by_pack' ELSE 'loaded' END, requested_at, 'system', '', ''
FROM exchange_agreementcase;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('exchange', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AgreementCase',
            fields=[
                ('agreement', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='case', serialize=False, to='exchange.agreementversion')),
                ('origin', models.CharField(choices=[('request', 'Request'), ('pack', 'Pack')], max_length=10)),
                ('state', models.CharField(choices=[('requested', 'Requested'), ('in_force', 'In Force'), ('suspended', 'Suspended'), ('ended', 'Ended'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], max_length=10)),
                ('consumer', models.CharField(help_text="Member that asks; of a group's agreement the member that requested it.", max_length=302)),
                ('provider', models.CharField(max_length=302)),
                ('reason', models.TextField(blank=True, default='')),
                ('requested_by', models.UUIDField(null=True)),
                ('requested_at', models.DateTimeField(default=dean06.core.clock.now)),
                ('provider_approved_by', models.UUIDField(null=True)),
                ('provider_approved_at', models.DateTimeField(null=True)),
                ('operator_approved_by', models.UUIDField(null=True)),
                ('operator_approved_at', models.DateTimeField(null=True)),
                ('signature', models.TextField(blank=True, default='', help_text="JWS of the exchange over the content and both approvals, or over a pack's version.")),
            ],
        ),
        migrations.CreateModel(
            name='AgreementEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('event', models.CharField(max_length=30)),
                ('at', models.DateTimeField(default=dean06.core.clock.now)),
                ('by', models.CharField(help_text='Account that acted.', max_length=200)),
                ('who', models.CharField(help_text='Post and agency as people read it.', max_length=500)),
                ('reason', models.TextField(blank=True, default='')),
                ('entry', models.UUIDField(help_text='Ledger entry of the step.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ClientGroup',
            fields=[
                ('code', models.CharField(max_length=100, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='ConfigurationState',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('version', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='GroupMember',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.AddField(
            model_name='agreementversion',
            name='group',
            field=models.CharField(blank=True, default='', max_length=100),
        ),
        migrations.AlterField(
            model_name='agreementversion',
            name='client',
            field=models.CharField(blank=True, default='', max_length=403),
        ),
        migrations.AlterField(
            model_name='agreementversion',
            name='pack',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='agreements', to='exchange.packversion'),
        ),
        migrations.AddConstraint(
            model_name='agreementversion',
            constraint=models.CheckConstraint(condition=models.Q(('client', ''), ('group', ''), _connector='XOR'), name='exchange_agreement_with_client_or_group'),
        ),
        migrations.AddIndex(
            model_name='agreementcase',
            index=models.Index(fields=['consumer'], name='exchange_case_consumer'),
        ),
        migrations.AddIndex(
            model_name='agreementcase',
            index=models.Index(fields=['provider'], name='exchange_case_provider'),
        ),
        migrations.AddConstraint(
            model_name='agreementcase',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'in_force', 'suspended', 'ended', 'refused', 'withdrawn'])), name='exchange_case_state_known'),
        ),
        migrations.AddConstraint(
            model_name='agreementcase',
            constraint=models.CheckConstraint(condition=models.Q(('provider_approved_by', models.F('requested_by')), _negated=True), name='exchange_case_requester_is_not_provider'),
        ),
        migrations.AddConstraint(
            model_name='agreementcase',
            constraint=models.CheckConstraint(condition=models.Q(('operator_approved_by', models.F('requested_by')), _negated=True), name='exchange_case_requester_is_not_operator'),
        ),
        migrations.AddConstraint(
            model_name='agreementcase',
            constraint=models.CheckConstraint(condition=models.Q(('operator_approved_by', models.F('provider_approved_by')), _negated=True), name='exchange_case_two_approvers'),
        ),
        migrations.AddConstraint(
            model_name='agreementcase',
            constraint=models.CheckConstraint(condition=models.Q(('origin', 'pack'), ('state__in', ['requested', 'refused', 'withdrawn']), models.Q(('operator_approved_by__isnull', False), ('provider_approved_by__isnull', False), ('requested_by__isnull', False), models.Q(('signature', ''), _negated=True)), _connector='OR'), name='exchange_case_in_force_is_signed'),
        ),
        migrations.AddConstraint(
            model_name='agreementcase',
            constraint=models.CheckConstraint(condition=models.Q(('origin', 'pack'), ('requested_by__isnull', False), _connector='OR'), name='exchange_case_pack_or_requester'),
        ),
        migrations.AddField(
            model_name='agreementevent',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='exchange.agreementcase'),
        ),
        migrations.AddConstraint(
            model_name='configurationstate',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='exchange_one_configuration_state'),
        ),
        migrations.AddField(
            model_name='groupmember',
            name='group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='clients', to='exchange.clientgroup'),
        ),
        migrations.AddField(
            model_name='groupmember',
            name='subsystem',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='groups', to='exchange.subsystem'),
        ),
        migrations.AddIndex(
            model_name='agreementevent',
            index=models.Index(fields=['case', 'id'], name='exchange_event_of_case'),
        ),
        migrations.AddConstraint(
            model_name='agreementevent',
            constraint=models.UniqueConstraint(condition=models.Q(('event', 'expiring')), fields=('case',), name='exchange_warned_once'),
        ),
        migrations.AddConstraint(
            model_name='groupmember',
            constraint=models.UniqueConstraint(fields=('group', 'subsystem'), name='exchange_in_group_once'),
        ),
        migrations.RunSQL(CASES_OF_PACKS, migrations.RunSQL.noop),
    ]
