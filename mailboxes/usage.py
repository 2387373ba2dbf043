"""Where Dovecot's figures live."""

from typing import Any

from django.conf import settings
from django.db.models import Model


class UsageRouter:
    """Sends `MailUsage` to its own SQLite file, and keeps everything else out of it."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str | None:
        return settings.USAGE_DATABASE if model.__name__ == "MailUsage" else None

    db_for_write = db_for_read

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **_hints: Any
    ) -> bool | None:
        if settings.USAGE_DATABASE == "default":
            return None
        is_usage = app_label == "mailboxes" and model_name == "mailusage"
        return is_usage if db == settings.USAGE_DATABASE else not is_usage
