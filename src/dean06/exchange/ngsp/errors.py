"""What the front may refuse, beside what the gateway refuses."""

from dean06.core.errors import Denied, NotFound
from dean06.exchange.errors import ClientNotAuthenticated, ExchangeError, TryLater


class FrontTokenRefused(ClientNotAuthenticated):
    """The bearer token is unknown, has ended or was revoked: ask for a new one at /token."""

    code = "exchange.front_token_refused"
    message_vi = "Mã truy cập không đúng, đã hết hạn hoặc đã bị thu hồi."
    status = 401


class AgencyNotYours(ExchangeError, Denied):
    """The agency code is not of the member to whom the token was given."""

    code = "exchange.agency_not_yours"
    message_vi = "Mã đơn vị không thuộc cơ quan được cấp mã truy cập."
    fault = "AccessDenied"
    status = 403


class TooManyTokens(TryLater):
    """Tokens are asked for faster than this gateway gives them."""

    code = "exchange.too_many_tokens"
    message_vi = "Yêu cầu mã truy cập quá nhanh; vui lòng thử lại sau."
    status = 429


class CredentialNotFound(ExchangeError, NotFound):
    """No such consumer key, or it was revoked."""

    code = "exchange.credential_not_found"
    message_vi = "Không có khóa kết nối này, hoặc khóa đã bị thu hồi."
    fault = "NotFound"
