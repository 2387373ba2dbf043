"""The WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from panel.accounts.secret_paths import keep_secrets_out

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")
application = keep_secrets_out(get_wsgi_application())
