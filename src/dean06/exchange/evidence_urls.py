"""Addresses of the operator's pages over the evidence."""

from typing import Final

from django.urls import path

from dean06.exchange import evidence_pages

app_name: Final = "evidence"

urlpatterns = [
    path("exchange/evidence", evidence_pages.search, name="search"),
    path("exchange/evidence/<str:transaction_id>/bundle.zip", evidence_pages.bundle, name="bundle"),
]
