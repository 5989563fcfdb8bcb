"""All addresses of the web process."""

from django.urls import URLPattern, URLResolver, include, path

from dean06.exchange.configuration.endpoints import configuration_endpoint
from dean06.signing.public import timestamp_endpoint
from dean06.site.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health, name="health"),
    path("tsa", timestamp_endpoint, name="tsa"),
    path("", include("dean06.identity.urls")),
    path("", include("dean06.portal.urls")),
    path("", include("dean06.exchange.developer.urls")),
    path("", include("dean06.services.urls")),
    path("", include("dean06.oversight.urls")),
    path("", include("dean06.exchange.agreements.urls")),
    path("", include("dean06.exchange.configuration.urls")),
    path("exchange/configuration", configuration_endpoint, name="exchange-configuration"),
    path("", include("dean06.exchange.proving.urls")),
    path("", include("dean06.exchange.operations.urls")),
]

handler400 = "dean06.site.errors.bad_request"
handler403 = "dean06.site.errors.forbidden"
handler404 = "dean06.site.errors.not_found"
handler500 = "dean06.site.errors.server_error"
