"""Addresses of members' keys, gateways and groups."""

from typing import Final

from django.urls import path

from dean06.exchange.configuration import gateway_pages, group_pages, key_pages

app_name: Final = "membership"

urlpatterns = [
    path("exchange/keys", key_pages.listing, name="keys"),
    path("exchange/keys/new", key_pages.new, name="key-new"),
    path("exchange/keys/<int:number>", key_pages.key, name="key"),
    path("exchange/keys/<int:number>/approve", key_pages.approve, name="key-approve"),
    path("exchange/keys/<int:number>/<slug:step>", key_pages.step, name="key-step"),
    path("exchange/gateways", gateway_pages.listing, name="gateways"),
    path("exchange/gateways/new", gateway_pages.new, name="gateway-new"),
    path("exchange/gateways/<int:number>", gateway_pages.certificate, name="gateway"),
    path("exchange/gateways/<int:number>/revoke", gateway_pages.revoke, name="gateway-revoke"),
    path("exchange/groups", group_pages.listing, name="groups"),
    path("exchange/groups/<str:code>", group_pages.group, name="group"),
    path("exchange/groups/<str:code>/<int:number>/approve", group_pages.approve, name="change-approve"),
    path("exchange/groups/<str:code>/<int:number>/refuse", group_pages.refuse, name="change-refuse"),
    path("exchange/groups/<str:code>/<slug:kind>", group_pages.ask, name="change-ask"),
]
