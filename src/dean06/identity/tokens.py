"""The token endpoint's answer, the published keys, and reading back our own id_tokens."""

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from dean06.core.clock import now
from dean06.identity.actions.codes import redeem_code, revoke_token, spend_assertion
from dean06.identity.clients import authenticate_client
from dean06.identity.domain.discovery import ALGORITHM, discovery_document
from dean06.identity.domain.encoding import compact_jws
from dean06.identity.domain.parameters import required
from dean06.identity.domain.subjects import pairwise_sub
from dean06.identity.domain.tokens import id_token_claims, parse_token_request, token_response
from dean06.identity.errors import InvalidClient, InvalidRequest, ProtocolRefusal
from dean06.identity.secrets import pairwise_salt
from dean06.signing.public import published_keys, signer

KEY_NAME: Final = "oidc"


def discovery() -> dict[str, Any]:
    """Return the provider's description of itself."""
    return discovery_document(web_origin=settings.DEAN06_WEB_ORIGIN, protocol_origin=settings.DEAN06_PROTOCOL_ORIGIN)


def answer_token_request(parameters: Mapping[str, str], authorization: str) -> dict[str, Any]:
    """Redeem a code.

    Raises:
        ProtocolRefusal: one of its children.
    """
    client, assertion = authenticate_client(parameters, authorization)
    request = parse_token_request(parameters)
    redeemed = redeem_code(client=client, assertion=assertion, request=request)
    if isinstance(redeemed, ProtocolRefusal):
        raise redeemed
    sub = pairwise_sub(sector=client.sector, account=redeemed.authentication.account, salt=pairwise_salt())
    claims = id_token_claims(
        redeemed.authentication,
        issuer=settings.DEAN06_WEB_ORIGIN,
        client_id=client.client_id,
        sub=sub,
        nonce=redeemed.nonce,
        access_token=redeemed.access_token,
        now=now(),
    )
    return token_response(access_token=redeemed.access_token, id_token=sign_id_token(claims), scopes=redeemed.scopes)


def sign_id_token(claims: Mapping[str, Any]) -> str:
    """Sign with the current key; the key itself stays in the key store."""
    key = signer(KEY_NAME)
    return compact_jws({"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}, claims, key.sign_raw)


def answer_revocation(parameters: Mapping[str, str], authorization: str) -> None:
    """Revoke a token (RFC 7009).

    Raises:
        InvalidClient, InvalidRequest: the client or the request is not in order.
    """
    client, assertion = authenticate_client(parameters, authorization)
    token = required(dict(parameters), "token")
    if assertion is not None and not spend_assertion(client_id=client.client_id, assertion=assertion):
        raise InvalidClient("The client assertion was used before.")
    revoke_token(client_id=client.client_id, token=token)


def jwks() -> dict[str, Any]:
    """Return the current key and those that tokens may still be signed with (RFC 7517)."""
    return {
        "keys": [
            {**_jwk(one.public_key).as_dict(private=False), "kid": one.kid, "use": "sig", "alg": ALGORITHM}
            for one in published_keys(KEY_NAME)
        ]
    }


def _jwk(public_key: Any) -> ECKey:
    return ECKey.import_key(public_key)


def own_id_token(token: str) -> dict[str, Any]:
    """Return the claims of an id_token that we signed, also after its expiry (as ``id_token_hint``).

    Raises:
        InvalidRequest: not ours.
    """
    keys = {one.kid: one.public_key for one in published_keys(KEY_NAME)}
    try:
        claims = jwt.decode(token, lambda guest: _jwk(keys[guest.headers()["kid"]]), algorithms=[ALGORITHM]).claims
    except (JoseError, KeyError, ValueError, TypeError) as exc:
        raise InvalidRequest("The id_token_hint is not an id_token of this provider.") from exc
    if claims.get("iss") != settings.DEAN06_WEB_ORIGIN:
        raise InvalidRequest("The id_token_hint is not an id_token of this provider.")
    return dict(claims)
