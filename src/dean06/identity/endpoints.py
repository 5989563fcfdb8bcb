"""Machine endpoints of the OpenID Provider: token, userinfo, keys, discovery, revocation. Pure parsing around sync actions."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final, ParamSpec, TypeVar

import structlog
from django.db import close_old_connections
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dean06 import __version__
from dean06.core.databases import DATABASE_AWAY
from dean06.core.errors import Dean06Error, Unavailable
from dean06.core.problems import status_of
from dean06.identity import tokens
from dean06.identity.actions.release import userinfo
from dean06.identity.domain.claims import bearer_token
from dean06.identity.domain.parameters import LARGEST_BODY_BYTES, decode_form
from dean06.identity.errors import InvalidClient, InvalidRequest, InvalidToken, ProtocolRefusal, RequestTooLarge

P = ParamSpec("P")
R = TypeVar("R")

FORM: Final = "application/x-www-form-urlencoded"
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 sec. 5.1
KEYS_MAX_AGE_SECONDS: Final = 300  # a rotated key reaches relying parties in five minutes; it stays published for days
LONGEST_TOKEN: Final = 512
THREADS: Final = 8  # as many as the pool has connections

log = structlog.get_logger(__name__)
_threads: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="identity")


async def in_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a sync action beside the event loop; its connection goes back to the pool afterwards."""

    def run() -> R:
        try:
            return work(*args, **kwargs)
        finally:
            close_old_connections()

    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_threads, lambda: context.run(run))


async def token(request: Request) -> Response:
    """Answer ``POST /oauth2/token`` (RFC 6749 sec. 3.2)."""
    parameters = await _form(request)
    return _answer(await in_thread(tokens.answer_token_request, parameters, request.headers.get("authorization", "")))


async def user_info(request: Request) -> Response:
    """Answer ``GET`` and ``POST /oauth2/userinfo``: the token in the header, nowhere else (RFC 6750 sec. 2.1)."""
    shown = bearer_token(request.headers.get("authorization", ""))
    if not shown:
        return JSONResponse({}, HTTPStatus.UNAUTHORIZED, {**NO_STORE, "WWW-Authenticate": 'Bearer realm="dean06"'})
    if len(shown) > LONGEST_TOKEN:
        raise InvalidToken
    return _answer(await in_thread(userinfo, shown))


async def jwks(_request: Request) -> Response:
    """Answer ``GET /oauth2/jwks``."""
    return JSONResponse(await in_thread(tokens.jwks), headers={"Cache-Control": f"public, max-age={KEYS_MAX_AGE_SECONDS}"})


async def discovery(_request: Request) -> Response:
    """Answer discovery at the protocol origin; the issuer is the web origin, which answers the same."""
    return JSONResponse(tokens.discovery(), headers={"Cache-Control": f"public, max-age={KEYS_MAX_AGE_SECONDS}"})


async def revoke(request: Request) -> Response:
    """Answer ``POST /oauth2/revoke`` (RFC 7009): 200 whether there was a token or not."""
    parameters = await _form(request)
    await in_thread(tokens.answer_revocation, parameters, request.headers.get("authorization", ""))
    return Response(status_code=HTTPStatus.OK, headers=NO_STORE)


async def health(_request: Request) -> Response:
    """Answer a supervisor or load balancer: no database, no secrets."""
    return JSONResponse({"status": "ok", "process": "protocol", "version": __version__})


async def _form(request: Request) -> dict[str, str]:
    """Read a bounded form.

    Raises:
        RequestTooLarge: more than ``LARGEST_BODY_BYTES``; reading stops there.
        InvalidRequest: another content type, or not a form.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise InvalidRequest(f"The content type must be {FORM}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            raise RequestTooLarge
    return decode_form(bytes(body))


def _answer(document: dict[str, Any]) -> Response:
    return JSONResponse(document, headers=NO_STORE)


def _describe(text: str) -> str:
    """Keep to the characters that RFC 6749 sec. 5.2 allows."""
    return "".join(character for character in text if " " <= character <= "~" and character not in '"\\')


async def refused(request: Request, error: Exception) -> Response:
    """Answer a foreseen failure as JSON (RFC 6749 sec. 5.2; RFC 6750 sec. 3 for tokens)."""
    if isinstance(error, DATABASE_AWAY):
        log.warning("identity.database_unavailable", path=request.url.path, error=type(error).__name__)
        error = Unavailable()
    if not isinstance(error, Dean06Error):  # never: registered for these kinds only
        raise error
    description = _describe(error.detail)
    if isinstance(error, ProtocolRefusal):
        name, status = error.oauth_error, error.status
    else:
        name, status = ("temporarily_unavailable" if isinstance(error, Unavailable) else "server_error"), status_of(error)
    log.info("identity.protocol_refused", code=error.code, path=request.url.path, **error.context)
    headers = dict(NO_STORE)
    if isinstance(error, InvalidToken):
        headers["WWW-Authenticate"] = f'Bearer realm="dean06", error="{name}", error_description="{description}"'
    elif isinstance(error, InvalidClient) and "authorization" in request.headers:
        headers["WWW-Authenticate"] = 'Basic realm="dean06"'
    return JSONResponse({"error": name, "error_description": description}, status, headers)


async def not_here(_request: Request, error: Exception) -> Response:
    """Answer an unknown address or method."""
    status = getattr(error, "status_code", HTTPStatus.NOT_FOUND)
    return JSONResponse({"error": "invalid_request", "error_description": "There is no such endpoint or method."}, status, NO_STORE)


Handler = Callable[[Request, Exception], Awaitable[Response]]


def protocol_app() -> Starlette:
    """Return the ASGI application of the protocol process."""
    handlers: dict[Any, Handler] = {
        Dean06Error: refused,
        **dict.fromkeys(DATABASE_AWAY, refused),
        HTTPStatus.NOT_FOUND: not_here,
        HTTPStatus.METHOD_NOT_ALLOWED: not_here,
    }
    routes = [
        Route("/oauth2/token", token, methods=["POST"]),
        Route("/oauth2/userinfo", user_info, methods=["GET", "POST"]),
        Route("/oauth2/jwks", jwks, methods=["GET"]),
        Route("/oauth2/revoke", revoke, methods=["POST"]),
        Route("/.well-known/openid-configuration", discovery, methods=["GET"]),
        Route("/.well-known/oauth-authorization-server", discovery, methods=["GET"]),
        Route("/health", health, methods=["GET"]),
    ]
    return Starlette(routes=routes, exception_handlers=handlers)
