"""Addresses of identity in the web process."""

from typing import Final

from django.urls import path

from dean06.identity.pages import account, authorize, login, logout

app_name: Final = "identity"

urlpatterns = [
    path(".well-known/openid-configuration", authorize.discovery, name="discovery"),
    path(".well-known/oauth-authorization-server", authorize.discovery, name="metadata"),
    path("authorize", authorize.authorize, name="authorize"),
    path("identity/login", login.login, name="login"),
    path("identity/login/code", login.code, name="code"),
    path("identity/login/passkey", login.passkey, name="passkey"),
    path("identity/consent", authorize.consent, name="consent"),
    path("identity/logout", logout.logout, name="logout"),
    path("identity/account", account.overview, name="account"),
    path("identity/account/passkeys/new", account.new_passkey, name="new-passkey"),
    path("identity/account/passkeys/remove", account.remove_passkey, name="remove-passkey"),
    path("identity/account/sessions/end", account.end_sessions, name="end-sessions"),
    path("identity/account/consents/withdraw", account.withdraw, name="withdraw"),
]
