from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exchange', '0008_evidence_bodies'),
    ]

    operations = [
        migrations.AddField(
            model_name='memberkey',
            name='approved_at',
            field=models.DateTimeField(help_text='Since when it counts; stays when it is revoked.', null=True),
        ),
        migrations.AlterField(
            model_name='memberkey',
            name='decided_at',
            field=models.DateTimeField(help_text='Of the last decision: approval, refusal or revocation.', null=True),
        ),
        migrations.RunSQL(
            "UPDATE exchange_memberkey SET approved_at = CASE state WHEN 'active' THEN decided_at ELSE requested_at END"
            " WHERE certificate <> ''",
            migrations.RunSQL.noop,
        ),
    ]
