

import dean06.core.clock
import dean06.core.keys
import dean06.services.domain.states
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Dossier',
            fields=[
                ('id', models.UUIDField(default=dean06.core.keys.new_key, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=60, unique=True)),
                ('procedure_code', models.CharField(max_length=20)),
                ('procedure_name', models.CharField(max_length=300)),
                ('channel', models.PositiveSmallIntegerField(default=dean06.services.domain.states.Channel['ONLINE'])),
                ('applicant', models.UUIDField(db_index=True)),
                ('applicant_name', models.CharField(max_length=100)),
                ('applicant_folded', models.CharField(max_length=100)),
                ('agency_code', models.CharField(max_length=35)),
                ('agency_name', models.CharField(max_length=200)),
                ('commune_code', models.CharField(max_length=5)),
                ('province_code', models.CharField(max_length=5)),
                ('case_id', models.CharField(max_length=40)),
                ('answers', models.JSONField()),
                ('facts', models.JSONField()),
                ('form_hash', models.CharField(max_length=64)),
                ('householder', models.UUIDField(blank=True, null=True)),
                ('fee_vnd', models.PositiveIntegerField()),
                ('state', models.PositiveSmallIntegerField(default=dean06.services.domain.states.State['REGISTERED'])),
                ('step', models.PositiveSmallIntegerField(default=dean06.services.domain.states.Step['RECEPTION'])),
                ('version', models.PositiveIntegerField(default=1)),
                ('held_by', models.UUIDField(blank=True, null=True)),
                ('held_by_name', models.CharField(blank=True, default='', max_length=100)),
                ('is_eligible', models.BooleanField(default=True)),
                ('is_paid', models.BooleanField(default=False)),
                ('registry', models.CharField(blank=True, default='', max_length=10)),
                ('submitted_at', models.DateTimeField()),
                ('received_on', models.DateField(blank=True, null=True)),
                ('due_on', models.DateField(blank=True, null=True)),
                ('queue_on', models.DateField()),
                ('finished_on', models.DateField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.UUIDField(default=dean06.core.keys.new_key, editable=False, primary_key=True, serialize=False)),
                ('owner', models.UUIDField(db_index=True)),
                ('procedure_code', models.CharField(max_length=20)),
                ('answers', models.JSONField(default=dict)),
                ('facts', models.JSONField(default=dict)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField(default=dean06.core.clock.now)),
                ('saved_at', models.DateTimeField(default=dean06.core.clock.now)),
                ('dossier_code', models.CharField(blank=True, default='', max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name='PackVersion',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=20)),
                ('version', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('pack', models.TextField()),
                ('form_schema', models.TextField()),
                ('templates', models.JSONField()),
                ('pinned_at', models.DateTimeField(default=dean06.core.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name='DailySerial',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('agency_code', models.CharField(max_length=35)),
                ('day', models.DateField()),
                ('last', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agency_code', 'day'), name='services_serial_once_a_day')],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.UUIDField(default=dean06.core.keys.new_key, editable=False, primary_key=True, serialize=False)),
                ('evidence', models.CharField(max_length=40)),
                ('name', models.CharField(max_length=120)),
                ('media_type', models.CharField(max_length=40)),
                ('size_bytes', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('content', models.BinaryField()),
                ('uploaded_at', models.DateTimeField(default=dean06.core.clock.now)),
                ('dossier', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='services.dossier')),
                ('draft', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='services.draft')),
            ],
        ),
        migrations.AddField(
            model_name='draft',
            name='pack',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='services.packversion'),
        ),
        migrations.AddField(
            model_name='dossier',
            name='pack',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='services.packversion'),
        ),
        migrations.CreateModel(
            name='ProcedureListing',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=20, unique=True)),
                ('name', models.CharField(max_length=1200)),
                ('sort_key', models.CharField(max_length=200)),
                ('folded', models.TextField()),
                ('field', models.CharField(max_length=300)),
                ('ministry', models.CharField(max_length=200)),
                ('levels', models.JSONField(default=list)),
                ('details', models.JSONField()),
                ('source', models.CharField(max_length=200)),
                ('imported_at', models.DateTimeField(default=dean06.core.clock.now)),
            ],
            options={
                'indexes': [models.Index(fields=['sort_key', 'id'], name='services_listing_order')],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.UUIDField(default=dean06.core.keys.new_key, editable=False, primary_key=True, serialize=False)),
                ('amount_vnd', models.PositiveIntegerField()),
                ('number', models.CharField(blank=True, default='', max_length=40)),
                ('exemption', models.CharField(blank=True, default='', max_length=300)),
                ('recorded_by', models.UUIDField()),
                ('recorded_at', models.DateTimeField(default=dean06.core.clock.now)),
                ('dossier', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='receipt', to='services.dossier')),
            ],
        ),
        migrations.CreateModel(
            name='SignedDocument',
            fields=[
                ('id', models.UUIDField(default=dean06.core.keys.new_key, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=30)),
                ('title', models.CharField(max_length=200)),
                ('version', models.PositiveIntegerField(default=1)),
                ('content', models.BinaryField()),
                ('sha256', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField(default=dean06.core.clock.now)),
                ('dossier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='services.dossier')),
            ],
        ),
        migrations.CreateModel(
            name='StoredResult',
            fields=[
                ('id', models.UUIDField(default=dean06.core.keys.new_key, editable=False, primary_key=True, serialize=False)),
                ('owner', models.UUIDField(db_index=True)),
                ('holder_masked', models.CharField(max_length=200)),
                ('result_type', models.CharField(max_length=40)),
                ('title', models.CharField(max_length=200)),
                ('issued_by', models.CharField(max_length=200)),
                ('issued_on', models.DateField()),
                ('valid_until', models.DateField(blank=True, null=True)),
                ('sha256', models.CharField(db_index=True, max_length=64)),
                ('verification_code', models.CharField(max_length=19, unique=True)),
                ('is_in_store', models.BooleanField(default=False)),
                ('stored_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_because', models.CharField(blank=True, default='', max_length=200)),
                ('document', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to='services.signeddocument')),
                ('source_dossier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='results', to='services.dossier')),
            ],
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.UUIDField(default=dean06.core.keys.new_key, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(max_length=40)),
                ('title', models.CharField(max_length=200)),
                ('person', models.UUIDField(db_index=True)),
                ('person_name', models.CharField(blank=True, default='', max_length=100)),
                ('text', models.TextField()),
                ('answer', models.CharField(default='pending', max_length=10)),
                ('asked_at', models.DateTimeField(default=dean06.core.clock.now)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('session', models.CharField(blank=True, default='', max_length=64)),
                ('assurance', models.CharField(blank=True, default='', max_length=100)),
                ('dossier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='services.dossier')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('answer', 'refused'), _negated=True), fields=('dossier', 'role'), name='services_consent_asked_once'), models.CheckConstraint(condition=models.Q(models.Q(('answer', 'pending'), ('answered_at__isnull', True)), models.Q(('answer__in', ['given', 'refused']), ('answered_at__isnull', False)), _connector='OR'), name='services_consent_answer_has_a_time')],
            },
        ),
        migrations.CreateModel(
            name='DossierEvent',
            fields=[
                ('id', models.UUIDField(default=dean06.core.keys.new_key, editable=False, primary_key=True, serialize=False)),
                ('seq', models.PositiveIntegerField()),
                ('kind', models.CharField(max_length=30)),
                ('at', models.DateTimeField()),
                ('on', models.DateField()),
                ('step', models.PositiveSmallIntegerField()),
                ('state', models.PositiveSmallIntegerField()),
                ('by', models.JSONField()),
                ('data', models.JSONField(default=dict)),
                ('previous', models.BinaryField(max_length=32)),
                ('hash', models.BinaryField(max_length=32)),
                ('dossier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='services.dossier')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('dossier', 'seq'), name='services_event_in_order')],
            },
        ),
        migrations.AddIndex(
            model_name='dossier',
            index=models.Index(condition=models.Q(('state__in', (dean06.services.domain.states.State['REGISTERED'], dean06.services.domain.states.State['RECEIVED'], dean06.services.domain.states.State['IN_PROGRESS'], dean06.services.domain.states.State['SUPPLEMENT'], dean06.services.domain.states.State['FINANCIAL_DUTY'], dean06.services.domain.states.State['DONE']))), fields=['agency_code', 'queue_on', 'id'], name='services_dossier_queue'),
        ),
        migrations.AddIndex(
            model_name='dossier',
            index=models.Index(fields=['agency_code', 'applicant_folded'], name='services_dossier_name'),
        ),
        migrations.AddConstraint(
            model_name='dossier',
            constraint=models.CheckConstraint(condition=models.Q(('state__gte', 1), ('state__lte', 10)), name='services_dossier_state'),
        ),
        migrations.AddConstraint(
            model_name='dossier',
            constraint=models.CheckConstraint(condition=models.Q(('step__gte', 1), ('step__lte', 6)), name='services_dossier_step'),
        ),
        migrations.AddConstraint(
            model_name='dossier',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_on__isnull', True), ('received_on__isnull', True)), models.Q(('due_on__isnull', False), ('received_on__isnull', False)), _connector='OR'), name='services_dossier_clock_starts_with_a_due_day'),
        ),
        migrations.AddConstraint(
            model_name='dossier',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 10), _negated=True), ('registry', 'confirmed'), _connector='OR'), name='services_dossier_returned_is_confirmed'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.UniqueConstraint(condition=models.Q(('number', ''), _negated=True), fields=('number',), name='services_receipt_number_once'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('number', ''), _negated=True), ('exemption', '')), models.Q(('number', ''), models.Q(('exemption', ''), _negated=True)), _connector='OR'), name='services_receipt_or_exemption'),
        ),
        migrations.AddConstraint(
            model_name='signeddocument',
            constraint=models.UniqueConstraint(fields=('dossier', 'kind', 'version'), name='services_document_version'),
        ),
    ]
