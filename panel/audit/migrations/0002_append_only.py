from django.db import migrations

POSTGRESQL = (
    """CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$""",
    """CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()""",
    """CREATE FUNCTION audit_head_moves_forward() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND NEW.chain = OLD.chain AND NEW.sequence = OLD.sequence + 1 THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'the audit trail is append-only';
    END $$""",
    """CREATE TRIGGER audit_head_forward BEFORE UPDATE OR DELETE ON audit_audithead
    FOR EACH ROW EXECUTE FUNCTION audit_head_moves_forward()""",
    """CREATE TRIGGER audit_head_stays BEFORE TRUNCATE ON audit_audithead
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()""",
)
SQLITE = (
    """CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_auditentry
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_auditentry
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    """CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_audithead
    WHEN NEW.chain <> OLD.chain OR NEW.sequence <> OLD.sequence + 1
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    """CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_audithead
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
)


def guard(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        for sql in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
            schema_editor.execute(sql, params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(guard, elidable=False)]
