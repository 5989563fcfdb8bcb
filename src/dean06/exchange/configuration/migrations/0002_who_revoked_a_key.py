from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exchange_configuration', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='keydecision',
            name='entered_by',
            field=models.UUIDField(help_text='Person.', null=True),
        ),
        migrations.AlterField(
            model_name='keydecision',
            name='entered_for',
            field=models.CharField(blank=True, default='', help_text='Post and agency as people read it.', max_length=500),
        ),
        migrations.AlterField(
            model_name='keydecision',
            name='decided_by',
            field=models.UUIDField(help_text='Person who approved or refused.', null=True),
        ),
        migrations.AddField(
            model_name='keydecision',
            name='revoked_by',
            field=models.UUIDField(help_text='Person; may be the one who entered it.', null=True),
        ),
        migrations.AddField(
            model_name='keydecision',
            name='revoked_for',
            field=models.CharField(blank=True, default='', max_length=500),
        ),
    ]
