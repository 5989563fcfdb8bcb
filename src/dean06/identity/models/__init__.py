"""Tables of identity: accounts and authenticators, sessions, relying parties and what was given to them."""

from dean06.identity.models.accounts import Account, Passkey, Password, SignInEvent, Totp
from dean06.identity.models.clients import ClientAssertion, Consent, ConsentEvent, RelyingParty
from dean06.identity.models.protocol import AccessToken, AuthorizationCode, ClaimRelease
from dean06.identity.models.sessions import AttemptCounter, Interaction, LoginSession

__all__ = [
    "AccessToken",
    "Account",
    "AttemptCounter",
    "AuthorizationCode",
    "ClaimRelease",
    "ClientAssertion",
    "Consent",
    "ConsentEvent",
    "Interaction",
    "LoginSession",
    "Passkey",
    "Password",
    "RelyingParty",
    "SignInEvent",
    "Totp",
]
