import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exchange_operations', '0003_records_of_circuits'),
    ]

    operations = [
        migrations.AddField(
            model_name='record',
            name='written_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text="By the database's clock, after the call ended."),
        ),
        migrations.RunSQL(
            "UPDATE exchange_operations_record SET written_at = request_in_at + duration_us * interval '1 microsecond'",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name='record',
            index=models.Index(fields=['written_at'], name='exchange_record_written'),
        ),
    ]
