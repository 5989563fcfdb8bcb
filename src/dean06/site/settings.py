"""Django settings, derived from ``config()``; nothing here reads the environment."""

from typing import Any, Final

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from dean06.core.config import config
from dean06.core.databases import django_database
from dean06.core.instance import key_passphrase, secret_key

_config = config()

MODULES: Final = (
    "demo",
    "portal",
    "oversight",
    "services",
    "identity",
    "registry",
    "exchange",
    "organisation",
    "ledger",
    "signing",
    "reference",
    "ui",
    "core",
)
"""The modules that exist, top to bottom; each is a Django application."""

DEBUG = _config.debug
SECRET_KEY = secret_key(_config)
ALLOWED_HOSTS = ["*"] if _config.debug else [_config.host, "localhost", "127.0.0.1", "testserver"]
ROOT_URLCONF = "dean06.site.urls"
WSGI_APPLICATION = "dean06.site.wsgi.application"
APPEND_SLASH = False

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.messages",
    "django_htmx",
    "csp",
    "dean06.site.apps.SiteConfig",
    *(f"dean06.{module}" for module in MODULES),
    "dean06.exchange.bodies.apps.BodiesConfig",
    "dean06.exchange.configuration.apps.ConfigurationConfig",
    "dean06.exchange.events.apps.EventsConfig",
    "dean06.exchange.ngsp.apps.NgspConfig",
    "dean06.exchange.operations.apps.OperationsConfig",
]

MIDDLEWARE = [
    "dean06.site.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "dean06.site.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dean06.site.middleware.RefusalMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "dean06.site.context.navigation",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "dean06.ui.templatetags.ui"],
        },
    },
]

DATABASES = {
    "default": django_database(_config, module="default"),
    **{module: django_database(_config, module=module) for module in _config.module_databases},
}
DATABASE_ROUTERS = ["dean06.core.databases.ModuleRouter"]
ATOMIC_REQUESTS = False

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Tiếng Việt")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "dean06_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = _config.data_dir / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder", "dean06.ui.fonts.FontFinder"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _config.web_origin.startswith("https://")
CSRF_COOKIE_NAME = "dean06_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [_config.web_origin]
CSRF_FAILURE_VIEW = "dean06.site.errors.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 10

LOGGING_CONFIG = None
SILENCED_SYSTEM_CHECKS: list[str] = []

DEAN06_DATA_DIR = _config.data_dir
DEAN06_KEY_DIR = _config.data_dir / "keys"
DEAN06_KEY_PASSPHRASE = key_passphrase(_config)
DEAN06_WEB_ORIGIN = _config.web_origin
DEAN06_PROTOCOL_ORIGIN = _config.protocol_origin
DEAN06_CONSUMER_GATEWAY = f"http://{_config.host}:{_config.consumer_gateway_port}"
DEAN06_PROVIDER_GATEWAY = _config.provider_gateway_origin
DEAN06_HOP_TLS = _config.hop_tls
DEAN06_EXCHANGE_CONFIGURATION = _config.exchange_configuration
DEAN06_EXCHANGE_TRUST_ANCHOR = _config.exchange_trust_anchor
DEAN06_EXCHANGE_REFRESH_SECONDS = _config.exchange_refresh_seconds
DEAN06_OPERATIONS = _config.operations
DEAN06_OTLP_ENDPOINT = _config.otlp_endpoint
DEAN06_OTLP_SAMPLE_RATIO = _config.otlp_sample_ratio
DEAN06_BODIES = _config.bodies
DEAN06_LEDGER_RETENTION = _config.ledger_retention
