"""Addresses of oversight."""

from typing import Final

from django.urls import path

from dean06.oversight import pages

app_name: Final = "oversight"

urlpatterns = [
    path("leader", pages.overview, name="overview"),
    path("leader/provinces/<slug:province>", pages.overview, name="province"),
    path("leader/provinces/<slug:province>/communes/<slug:commune>", pages.overview, name="commune"),
    path("leader/figures/<slug:measure>", pages.listing, name="listing"),
    path("leader/dossiers/<str:code>", pages.dossier, name="dossier"),
]
