"""Addresses of the developers' pages."""

from typing import Final

from django.urls import path

from dean06.exchange.developer import pages

app_name: Final = "developer"

urlpatterns = [
    path("developer", pages.catalogue, name="catalogue"),
    path("developer/signatures", pages.signatures, name="signatures"),
    path("developer/try/<path:service>", pages.console, name="console"),
    path("developer/services/<path:service>", pages.service, name="service"),
]
