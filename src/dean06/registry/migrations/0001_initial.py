
FACT_TABLES = ("personnumber", "kinship", "membership", "residence")

KEEP_HISTORY = """
CREATE FUNCTION registry_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a fact of the registry is never deleted: supersede it' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
        OR to_jsonb(NEW) - 'superseded_at' IS DISTINCT FROM to_jsonb(OLD) - 'superseded_at' THEN
        RAISE EXCEPTION 'a fact of the registry is never changed: supersede it and add another' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""

Migration.operations += [
    migrations.RunSQL(KEEP_HISTORY, "DROP FUNCTION registry_keep_history();"),
    *(
        migrations.RunSQL(
            f"CREATE TRIGGER registry_{table}_keeps_history BEFORE UPDATE OR DELETE ON registry_{table} "
            "FOR EACH ROW EXECUTE FUNCTION registry_keep_history();",
            f"DROP TRIGGER registry_{table}_keeps_history ON registry_{table};",
        )
        for table in FACT_TABLES
    ),
]
