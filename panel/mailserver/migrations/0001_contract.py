from functools import partial

from django.db import migrations

from panel.mailserver import contract


def _execute(schema_editor):
    """Without parameters, so that a `%` in the text is a `%`."""
    return partial(schema_editor.execute, params=None)


def create(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        contract.create(_execute(schema_editor), schema_editor.connection.vendor)


def drop(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        contract.drop(_execute(schema_editor), schema_editor.connection.vendor)


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
        ("domains", "0001_initial"),
        ("mailboxes", "0001_initial"),
    ]
    operations = [migrations.RunPython(create, drop)]
