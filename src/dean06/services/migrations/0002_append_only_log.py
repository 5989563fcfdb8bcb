"""The event log of dossiers is only added to: the database itself refuses UPDATE and DELETE, whoever asks."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION services_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the event log of dossiers is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER services_event_append_only BEFORE UPDATE OR DELETE ON services_dossierevent
    FOR EACH ROW EXECUTE FUNCTION services_log_is_append_only();
"""
ALLOW = """
DROP TRIGGER services_event_append_only ON services_dossierevent;
DROP FUNCTION services_log_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("services", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
