"""Addresses of operations."""

from typing import Final

from django.urls import path

from dean06.exchange.operations import pages

app_name: Final = "operations"

urlpatterns = [
    path("exchange/operations", pages.overview, name="overview"),
    path("exchange/operations.json", pages.export_json, name="json"),
    path("exchange/operations.csv", pages.export_csv, name="csv"),
]
