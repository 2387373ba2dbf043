"""Django's settings, made from `panel.environment`; nothing here reads a variable itself."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF

from panel.environment import environment

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = environment.state_dir


def read_secret(name: str) -> str:
    """A secret that `deploy/up` or a packager put into the state folder (mode 0600)."""
    return (STATE_DIR / "secrets" / name).read_text(encoding="ascii").strip()


def sqlite_database(name: str) -> dict[str, Any]:
    """A SQLite file in WAL mode. Write transactions take the lock at BEGIN, so that two of them wait
    for each other instead of failing half-way with "database is locked"."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": STATE_DIR / "db" / name,
        # A file in tests too: threads of a test must meet the locks that real processes meet.
        "TEST": {"NAME": STATE_DIR / "db" / f"test-{name}"},
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=67108864;",
        },
    }


def postgresql_database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **dict(parse_qsl(parts.query))},
    }


DATABASE_URL = environment.database_url.get_secret_value()
DATABASES: dict[str, dict[str, Any]]
if DATABASE_URL:
    DATABASES = {"default": postgresql_database(DATABASE_URL)}
    USAGE_DATABASE = "default"
else:
    # Dovecot writes last sign-ins and used bytes: into a file of their own, so that it never needs
    # to write into the one that holds everything else.
    DATABASES = {
        "default": sqlite_database("posthouse.sqlite3"),
        "usage": sqlite_database("usage.sqlite3"),
    }
    USAGE_DATABASE = "usage"
DATABASE_ROUTERS = ["mailboxes.usage.UsageRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SECRET_KEY = read_secret("django")
DEBUG = environment.debug
PANEL_URL = environment.panel_url
ALLOWED_HOSTS = [urlsplit(PANEL_URL).hostname or "", *environment.extra_hosts]
CSRF_TRUSTED_ORIGINS = [PANEL_URL]
USES_TLS = PANEL_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "panel.audit",
    "panel.accounts",
    "panel.tenants",
    "domains",
    "mailboxes",
    "panel.bulk",
    "panel.mailserver",
    "panel.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "panel.audit.middleware.RequestContextMiddleware",
    "csp.middleware.CSPMiddleware",
    "panel.web.middleware.ResponseHeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "panel.web.middleware.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "panel.accounts.middleware.SessionLifeMiddleware",
    "panel.accounts.middleware.MustChangePasswordMiddleware",
]

ROOT_URLCONF = "panel.urls"
WSGI_APPLICATION = "panel.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "panel.web.context.shell",
            ],
            "builtins": ["panel.web.templatetags.posthouse"],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["panel.tenants.sign_in.MemberBackend", "mailboxes.sign_in.MailboxBackend"]
# The app of domains asks the one above, which knows where mail is sent on.
ALIAS_DOMAIN_CHECK = "mailboxes.target_graph.check_alias_domain"
DOMAIN_SOURCES = "mailboxes.sources.sources_into"
DOMAIN_FORGET = "mailboxes.sources.forget_domain"
LOGIN_URL = "accounts:sign_in"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "panel.accounts.validators.PasswordPolicy"},
]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = USES_TLS
SESSION_COOKIE_NAME = "__Host-session" if USES_TLS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if USES_TLS else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "panel.web.errors.csrf_failed"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if USES_TLS else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "panel" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
# The private Postfix has a door on loopback for the panel alone, which signs in with a secret that
# `render_mail_config` makes (docs/mail-protocols.md).
_smtp = urlsplit(environment.outgoing_smtp or f"smtp://127.0.0.1:{26 + environment.mail_port_offset}")
EMAIL_HOST, EMAIL_PORT = _smtp.hostname or "127.0.0.1", _smtp.port or 25
if not environment.outgoing_smtp and (STATE_DIR / "secrets" / "panel_smtp").exists():
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = "posthouse-panel", read_secret("panel_smtp")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = f"Posthouse <postmaster@{environment.mail_host}>"

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "posthouse"
# With a host name, for without one kombu warns of it at each start.
CELERY_BROKER_URL = environment.broker_url or "filesystem://localhost"
# Nobody waits for a broker that is away: what is due stands in the database, and beat finds it.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
}
if not environment.broker_url:
    _queue = STATE_DIR / "celery"
    CELERY_BROKER_TRANSPORT_OPTIONS |= {
        "data_folder_in": str(_queue / "queue"),
        "data_folder_out": str(_queue / "queue"),
        "control_folder": str(_queue / "control"),
        "processed_folder": str(_queue / "processed"),
        "store_processed": False,
    }

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request": {"()": "panel.audit.middleware.RequestIdFilter"},
        "secret_paths": {"()": "panel.accounts.secret_paths.SecretPathFilter"},
    },
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request", "secret_paths"],
        },
    },
    "root": {"handlers": ["console"], "level": "INFO"},
}

# The primary key of a user member model is an e-mail address that is unique among members only: a
# mailbox user may have the same one (docs/decisions.md).
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
