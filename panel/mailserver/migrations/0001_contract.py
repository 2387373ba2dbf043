from django.db import migrations

from panel.mailserver import contract


def create(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        contract.create(schema_editor.execute, schema_editor.connection.vendor)


def drop(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        contract.drop(schema_editor.execute, schema_editor.connection.vendor)


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
        ("domains", "0001_initial"),
        ("mailboxes", "0001_initial"),
    ]
    operations = [migrations.RunPython(create, drop)]
