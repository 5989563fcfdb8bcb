"""What identity may refuse.

``ProtocolRefusal`` and its children are the error vocabulary of RFC 6749, RFC 6750 and OpenID Connect: ``oauth_error`` goes to the
relying party, ``code`` and ``message_vi`` to people. The others are answers to the person who signs in.
"""

from http import HTTPStatus
from typing import ClassVar

from dean06.core.errors import Conflict, Denied, Invalid, NotFound, Unavailable


class ProtocolRefusal(Invalid):
    """The request is not one that this provider can answer."""

    code = "identity.protocol_refusal"
    message_vi = "Yêu cầu đăng nhập của trang bạn vừa dùng chưa đúng. Hãy quay lại trang đó và thử lại."
    oauth_error: ClassVar[str] = "invalid_request"
    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST


class InvalidRequest(ProtocolRefusal):
    """A parameter is missing, repeated, too long or malformed."""

    code = "identity.invalid_request"


class RequestTooLarge(InvalidRequest):
    """The request is larger than this endpoint reads."""

    code = "identity.request_too_large"
    message_vi = "Yêu cầu quá lớn. Hãy quay lại trang bạn vừa dùng và thử lại."
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnknownClient(ProtocolRefusal):
    """No relying party is registered under this client_id; nobody is told at the address that it gave."""

    code = "identity.unknown_client"
    message_vi = "Trang yêu cầu đăng nhập chưa được đăng ký. Chúng tôi không chuyển bạn tới đó."
    oauth_error = "unauthorized_client"


class RedirectUriMismatch(ProtocolRefusal):
    """The redirect_uri is not, character by character, one that the relying party registered."""

    code = "identity.redirect_uri_mismatch"
    message_vi = "Địa chỉ trả về không khớp với địa chỉ đã đăng ký. Chúng tôi không chuyển bạn tới đó."


class UnsupportedResponseType(ProtocolRefusal):
    """Only response_type=code is offered."""

    code = "identity.unsupported_response_type"
    oauth_error = "unsupported_response_type"


class InvalidScope(ProtocolRefusal):
    """The scope must contain openid."""

    code = "identity.invalid_scope"
    oauth_error = "invalid_scope"


class RequestNotSupported(ProtocolRefusal):
    """Request objects are not offered."""

    code = "identity.request_not_supported"
    oauth_error = "request_not_supported"


class RequestUriNotSupported(ProtocolRefusal):
    """Request objects by reference are not offered."""

    code = "identity.request_uri_not_supported"
    oauth_error = "request_uri_not_supported"


class RegistrationNotSupported(ProtocolRefusal):
    """Registration inside a request is not offered."""

    code = "identity.registration_not_supported"
    oauth_error = "registration_not_supported"


class LoginRequired(ProtocolRefusal):
    """Nobody is signed in, or not recently enough, and the relying party asked not to show a page."""

    code = "identity.login_required"
    oauth_error = "login_required"


class ConsentRequired(ProtocolRefusal):
    """The person has not agreed yet, and the relying party asked not to show a page."""

    code = "identity.consent_required"
    oauth_error = "consent_required"


class UnmetAuthenticationRequirements(ProtocolRefusal):
    """The account cannot reach the level of assurance that was asked for."""

    code = "identity.unmet_authentication_requirements"
    message_vi = "Tài khoản của bạn chưa đạt mức độ định danh mà trang này cần."
    oauth_error = "unmet_authentication_requirements"


class AccessDenied(ProtocolRefusal):
    """The person did not agree."""

    code = "identity.access_denied"
    oauth_error = "access_denied"


class InvalidClient(ProtocolRefusal):
    """The client could not be authenticated."""

    code = "identity.invalid_client"
    oauth_error = "invalid_client"
    status = HTTPStatus.UNAUTHORIZED


class InvalidGrant(ProtocolRefusal):
    """The code is unknown, spent, expired, or was given for another client, redirect_uri or verifier."""

    code = "identity.invalid_grant"
    oauth_error = "invalid_grant"


class UnsupportedGrantType(ProtocolRefusal):
    """Only grant_type=authorization_code is offered."""

    code = "identity.unsupported_grant_type"
    oauth_error = "unsupported_grant_type"


class InvalidToken(ProtocolRefusal):
    """The access token is unknown, expired or revoked, or its session has ended."""

    code = "identity.invalid_token"
    oauth_error = "invalid_token"
    status = HTTPStatus.UNAUTHORIZED


class BadClientPack(Invalid):
    """A file of relying parties cannot be loaded."""

    code = "identity.bad_client_pack"
    message_vi = "Tệp khai báo đơn vị khai thác không nạp được."


class MalformedUsername(Invalid):
    """A personal identification number has twelve digits."""

    code = "identity.malformed_number"
    message_vi = "Nhập đủ 12 chữ số của số định danh cá nhân, in trên thẻ căn cước."


class MalformedTotpSecret(Invalid):
    """A TOTP secret is base32 text of at least 128 bits."""

    code = "identity.malformed_totp_secret"
    message_vi = "Khóa tạo mã dùng một lần không đúng dạng."


class WeakPassword(Invalid):
    """A password has 10 to 128 characters."""

    code = "identity.weak_password"
    message_vi = "Mật khẩu cần từ 10 đến 128 ký tự."


class LoginRefused(Denied):
    """The number and the password do not belong together, or the account may not sign in."""

    code = "identity.login_refused"
    message_vi = "Số định danh hoặc mật khẩu chưa đúng. Hãy xem lại từng mục rồi thử lại."


class CodeRefused(Denied):
    """The one-time code is wrong, too old or already used."""

    code = "identity.code_refused"
    message_vi = "Mã chưa đúng hoặc đã dùng rồi. Chờ ứng dụng hiện mã mới rồi nhập lại."


class PasskeyRefused(Denied):
    """The passkey's answer could not be verified."""

    code = "identity.passkey_refused"
    message_vi = "Không dùng được khóa này. Hãy thử lại, hoặc đăng nhập bằng mật khẩu và mã."


class TooManyAttempts(Denied):
    """Too many refused attempts: the next one has to wait."""

    code = "identity.too_many_attempts"
    message_vi = "Đã thử sai nhiều lần. Hãy chờ rồi thử lại."


class LoginBusy(Unavailable):
    """All places for checking passwords are taken."""

    code = "identity.login_busy"
    message_vi = "Nhiều người đang đăng nhập cùng lúc. Hãy thử lại sau ít giây."


class InteractionExpired(NotFound):
    """This sign-in was started too long ago, in another browser, or is already finished."""

    code = "identity.interaction_expired"
    message_vi = "Lượt đăng nhập này đã hết hạn hoặc đã xong. Hãy quay lại trang bạn vừa dùng và bắt đầu lại."


class AccountNotFound(NotFound):
    """There is no such account."""

    code = "identity.account_not_found"
    message_vi = "Không tìm thấy tài khoản."


class AccountExists(Conflict):
    """This person or this number already has an account."""

    code = "identity.account_exists"
    message_vi = "Người này đã có tài khoản định danh."


class ClaimsUnavailable(Unavailable):
    """The population registry did not answer."""

    code = "identity.claims_unavailable"
    message_vi = "Chưa lấy được thông tin từ cơ sở dữ liệu dân cư. Hãy thử lại sau ít phút."
