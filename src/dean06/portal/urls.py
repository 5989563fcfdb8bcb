"""Addresses of the portal."""

from django.urls import path

from dean06.portal.pages import cases, home, login, me, preferences

app_name = "portal"

urlpatterns = [
    path("", home.home, name="home"),
    path("search", home.search, name="search"),
    path("about", home.about, name="about"),
    path("ledger/keys.pem", home.ledger_keys, name="ledger-keys"),
    path("accessibility", home.accessibility, name="accessibility"),
    path("login", login.login, name="login"),
    path("oidc/callback", login.callback, name="callback"),
    path("logout", login.logout, name="logout"),
    path("language", preferences.language, name="language"),
    path("text-size", preferences.display, name="display"),
    path("me", me.me, name="me"),
    path("me/record", me.record, name="record"),
    path("me/household", me.household, name="household"),
    path("me/looks", me.looks, name="looks"),
    path("me/looks/<uuid:entry>/proof.json", me.proof, name="proof"),
    path("me/looks/<uuid:entry>/case", cases.own_case, name="case"),
    path("data-protection/cases", cases.desk, name="cases"),
    path("data-protection/cases/<uuid:case>", cases.desk_case, name="desk-case"),
    path("me/dossiers", me.dossiers, name="dossiers"),
    path("me/documents", me.documents, name="documents"),
]
