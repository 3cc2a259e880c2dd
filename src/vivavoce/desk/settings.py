"""Django's settings. Everything a team may choose comes from the environment; ``vivavoce`` sets it from its options."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from vivavoce.desk import keys
from vivavoce.desk.databases import database_settings
from vivavoce.desk.folders import default_data

HERE = Path(__file__).parent

DATA = default_data()
"""The data folder: database, keys, caches. Nothing else is written anywhere."""

PUBLIC_URL = os.environ.get("VIVAVOCE_URL", "http://localhost:8000").rstrip("/")
"""Where browsers find the desk. Passkeys belong to its host, the relying party."""

_public = urlsplit(PUBLIC_URL)
RP_ID = _public.hostname or "localhost"
SECURE = _public.scheme == "https"


def _secret_key() -> str:
    """Return the key that ``vivavoce`` made in the data folder; without a folder, one for this process alone."""
    path = keys.folder(DATA) / keys.DJANGO
    return path.read_text(encoding="ascii").strip() if path.exists() else secrets.token_urlsafe(48)


SECRET_KEY = os.environ.get("VIVAVOCE_SECRET_KEY") or _secret_key()
DEBUG = False
ALLOWED_HOSTS = [RP_ID, "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "django_htmx",
    "vivavoce.desk.team",
    "vivavoce.desk.transparency",
    "vivavoce.desk.inbox",
    "vivavoce.desk.replies",
    "vivavoce.desk.live",
    "vivavoce.desk.observatory",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "vivavoce.desk.team.middleware.content_security",
    "vivavoce.desk.team.middleware.one_origin",
    "vivavoce.desk.team.middleware.one_charset",
    "vivavoce.desk.workers.pace.people_first",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "vivavoce.desk.language.teammates_own",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "vivavoce.desk.urls"
ASGI_APPLICATION = "vivavoce.desk.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database_settings(os.environ.get("VIVAVOCE_DATABASE", ""), data=DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "team.Teammate"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "waiting"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "vivavoce.desk.team.adapter.InvitedOnly"
SOCIALACCOUNT_ADAPTER = "vivavoce.desk.team.adapter.KnownOnly"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
SOCIALACCOUNT_PROVIDERS: dict[str, object] = {}
if os.environ.get("VIVAVOCE_OIDC_URL"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "APPS": [
            {
                "provider_id": "sso",
                "name": os.environ.get("VIVAVOCE_OIDC_NAME", "Single sign-on"),
                "client_id": os.environ.get("VIVAVOCE_OIDC_CLIENT", ""),
                "secret": os.environ.get("VIVAVOCE_OIDC_SECRET", ""),
                "settings": {"server_url": os.environ["VIVAVOCE_OIDC_URL"]},
            },
        ],
    }

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [HERE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [HERE / "static"]
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "vivavoce"
SESSION_COOKIE_AGE = 12 * 3600
"""One working day; a passkey signs in again in a second."""
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("VIVAVOCE_BEHIND_PROXY") else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
"""Two MiB: far above any reply, far below what would hurt."""

LOGGING_CONFIG = None
