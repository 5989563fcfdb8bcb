"""The provider's description of itself (OpenID Connect Discovery 1.0 sec. 3, RFC 8414, RFC 9207)."""

from typing import Any

from dean06.identity.domain import assurance, pkce
from dean06.identity.domain.authorize import PROMPTS
from dean06.identity.domain.clients import AUTH_METHODS, CLAIMS, SCOPE_CLAIMS
from dean06.identity.domain.tokens import GRANT_TYPE

ALGORITHM = "ES256"


def discovery_document(*, web_origin: str, protocol_origin: str) -> dict[str, Any]:
    """Describe the provider: the issuer and its pages are at the web origin, machines talk to the protocol origin."""
    return {
        "issuer": web_origin,
        "authorization_endpoint": f"{web_origin}/authorize",
        "token_endpoint": f"{protocol_origin}/oauth2/token",
        "userinfo_endpoint": f"{protocol_origin}/oauth2/userinfo",
        "jwks_uri": f"{protocol_origin}/oauth2/jwks",
        "revocation_endpoint": f"{protocol_origin}/oauth2/revoke",
        "end_session_endpoint": f"{web_origin}/identity/logout",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [GRANT_TYPE],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": [ALGORITHM],
        "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": [ALGORITHM],
        "code_challenge_methods_supported": [pkce.METHOD],
        "scopes_supported": list(SCOPE_CLAIMS),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", *CLAIMS],
        "claim_types_supported": ["normal"],
        "acr_values_supported": list(assurance.supported()),
        "prompt_values_supported": sorted(PROMPTS),
        "ui_locales_supported": ["vi", "en"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_request_uri_registration": False,
        "authorization_response_iss_parameter_supported": True,
    }
