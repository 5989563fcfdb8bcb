"""Addresses of the agreement procedure."""

from typing import Final

from django.urls import path

from dean06.exchange.agreements import pages, requesting

app_name: Final = "agreements"

urlpatterns = [
    path("exchange/agreements", pages.listing, name="list"),
    path("exchange/agreements/new", requesting.parties, name="parties"),
    path("exchange/agreements/request", requesting.request_new, name="request"),
    path("exchange/agreements/<str:code>/renew", requesting.renew, name="renew"),
    path("exchange/agreements/<str:code>/<int:version>", pages.agreement, name="agreement"),
    path("exchange/agreements/<str:code>/<int:version>/approve", pages.approve, name="approve"),
    path("exchange/agreements/<str:code>/<int:version>/<slug:step>", pages.step, name="step"),
]
