"""Addresses of operations."""

from typing import Final

from django.urls import path

from dean06.exchange.operations import open_pages, pages

app_name: Final = "operations"

urlpatterns = [
    path("exchange/operations", pages.overview, name="overview"),
    path("exchange/operations.json", pages.export_json, name="json"),
    path("exchange/operations.csv", pages.export_csv, name="csv"),
    path("exchange/open-data", open_pages.listing, name="open-data"),
    path("exchange/open-data/<str:day>.csv", open_pages.csv_file, name="open-csv"),
    path("exchange/open-data/<str:day>.json", open_pages.json_file, name="open-json"),
]
