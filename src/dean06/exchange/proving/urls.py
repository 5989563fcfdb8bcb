"""Addresses of the operator's pages over the evidence."""

from typing import Final

from django.urls import path

from dean06.exchange.proving import body_pages, pages

app_name: Final = "evidence"

urlpatterns = [
    path("exchange/evidence", pages.search, name="search"),
    path("exchange/evidence/<uuid:entry_id>/bodies", body_pages.bodies, name="bodies"),
    path("exchange/evidence/<str:transaction_id>/bundle.zip", pages.bundle, name="bundle"),
]
