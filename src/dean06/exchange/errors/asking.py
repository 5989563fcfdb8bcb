"""Refusals of what was asked: its form, who asks, what the agreement covers, a message that was seen before."""

from dean06.core.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from dean06.exchange.errors.roots import ExchangeError


class BadRequest(ExchangeError, Invalid):
    """The request does not follow the message protocol."""

    code = "exchange.bad_request"
    message_vi = "Yêu cầu không đúng giao thức trao đổi dữ liệu."
    fault = "BadRequest"


class BodyTooLarge(BadRequest):
    """The body is larger than this gateway accepts."""

    code = "exchange.body_too_large"
    message_vi = "Nội dung gửi lên vượt quá dung lượng cho phép."


class HeadersTooLarge(BadRequest):
    """The headers are larger or more numerous than this gateway accepts."""

    code = "exchange.headers_too_large"
    message_vi = "Phần đầu của yêu cầu vượt quá giới hạn cho phép."


class RequestTooSlow(BadRequest):
    """The request did not arrive in time; send it again on a faster connection."""

    code = "exchange.request_too_slow"
    message_vi = "Yêu cầu không được gửi đến đầy đủ trong thời gian cho phép."
    status = 408  # RFC 9110, sec. 15.5.9


class MalformedPath(BadRequest):
    """The path is not in a form that can be authorised: no dot segments, encoded slashes, empty segments or semicolons."""

    code = "exchange.malformed_path"
    message_vi = "Đường dẫn chứa ký tự không được phép."


class MalformedClient(BadRequest):
    """The client identifier is missing or malformed; it reads instance/class/member/subsystem."""

    code = "exchange.malformed_client"
    message_vi = "Định danh hệ thống khai thác bị thiếu hoặc sai dạng."
    fault = "InvalidClientIdentifier"


class MethodNotAllowed(BadRequest):
    """The HTTP method is not one of the message protocol."""

    code = "exchange.method_not_allowed"
    message_vi = "Phương thức HTTP không được hỗ trợ."
    fault = "InvalidHttpMethod"


class UnsupportedProtocolVersion(BadRequest):
    """Only version r1 of the message protocol is spoken here."""

    code = "exchange.unsupported_protocol_version"
    message_vi = "Phiên bản giao thức không được hỗ trợ; hãy dùng r1."
    fault = "InvalidProtocolVersion"


class PurposeMissing(BadRequest):
    """The call names no purpose: send the header X-Exchange-Purpose."""

    code = "exchange.purpose_missing"
    message_vi = "Yêu cầu chưa nêu mục đích khai thác."
    fault = "MissingHeader"


class PeerNotNamed(ExchangeError, Denied):
    """The gateway's certificate is not one that the configuration names for the member for whom it speaks."""

    code = "exchange.peer_not_named"
    message_vi = "Chứng thư số của cổng kết nối không có trong cấu hình của thành viên."
    fault = "SslAuthenticationFailed"


class ClientNotAuthenticated(ExchangeError, Denied):
    """The information system did not prove that it is the subsystem it names."""

    code = "exchange.client_not_authenticated"
    message_vi = "Hệ thống thông tin chưa được xác thực."
    fault = "AuthenticationFailed"


class UnknownMember(ExchangeError, NotFound):
    """No such member or subsystem is registered."""

    code = "exchange.unknown_member"
    message_vi = "Thành viên hoặc hệ thống con chưa được đăng ký."
    fault = "UnknownMember"


class UnknownSecurityServer(ExchangeError, NotFound):
    """The provider has no gateway of that name: leave X-Road-Security-Server out, or name instance/class/member/gateway."""

    code = "exchange.unknown_security_server"
    message_vi = "Bên cung cấp dữ liệu không có cổng trao đổi này."
    fault = "UnknownMember"


class UnknownService(ExchangeError, NotFound):
    """No such service is registered."""

    code = "exchange.unknown_service"
    message_vi = "Dịch vụ chia sẻ dữ liệu chưa được đăng ký."
    fault = "UnknownService"


class ServiceDisabled(ExchangeError, Unavailable):
    """The provider has switched the service off for now."""

    code = "exchange.service_disabled"
    message_vi = "Dịch vụ chia sẻ dữ liệu đang tạm dừng."
    fault = "ServiceDisabled"


class AgreementMissing(ExchangeError, Denied):
    """No agreement lets this client call this service, method and path."""

    code = "exchange.agreement_missing"
    message_vi = "Chưa có thỏa thuận chia sẻ dữ liệu cho yêu cầu này."
    fault = "AccessDenied"


class AgreementExpired(ExchangeError, Denied):
    """The agreement is not in force today."""

    code = "exchange.agreement_expired"
    message_vi = "Thỏa thuận chia sẻ dữ liệu chưa có hoặc đã hết hiệu lực."
    fault = "AccessDenied"


class PurposeNotCovered(ExchangeError, Denied):
    """The agreement does not cover this purpose."""

    code = "exchange.purpose_not_covered"
    message_vi = "Thỏa thuận không bao gồm mục đích khai thác này."
    fault = "AccessDenied"


class LegalBasisNotCovered(ExchangeError, Denied):
    """The agreement does not rest on this legal basis."""

    code = "exchange.legal_basis_not_covered"
    message_vi = "Thỏa thuận không dựa trên căn cứ pháp lý này."
    fault = "AccessDenied"


class OfficerRoleNotCovered(ExchangeError, Denied):
    """The agreement lets only end users in certain roles ask: send X-Road-UserId and X-Exchange-Role."""

    code = "exchange.officer_role_not_covered"
    message_vi = "Thỏa thuận chỉ cho phép người giữ một số vai trò nhất định được hỏi."
    fault = "AccessDenied"


class DossierNotNamed(ExchangeError, Denied):
    """The agreement wants to know for which dossier or case the call is: send X-Road-Issue."""

    code = "exchange.dossier_not_named"
    message_vi = "Thỏa thuận yêu cầu nêu mã hồ sơ hoặc vụ việc của mỗi lần hỏi."
    fault = "AccessDenied"


class InvalidSignature(ExchangeError, Denied):
    """The message's signature is missing, malformed or wrong."""

    code = "exchange.invalid_signature"
    message_vi = "Chữ ký của thông điệp không hợp lệ."
    fault = "InvalidSignatureValue"


class StaleMessage(ExchangeError, Denied):
    """The message was signed too long ago or in the future."""

    code = "exchange.stale_message"
    message_vi = "Thông điệp đã quá thời hạn hoặc đồng hồ lệch."
    fault = "InvalidSignatureValue"


class MessageReplayed(ExchangeError, Conflict):
    """A message with this signature was received before."""

    code = "exchange.message_replayed"
    message_vi = "Thông điệp này đã được nhận trước đó."
    fault = "InvalidSignatureValue"


class KeyReused(ExchangeError, Invalid):
    """The Idempotency-Key was used for another request; take a new key for a new request."""

    code = "exchange.idempotency_key_reused"
    message_vi = "Khóa chống lặp đã được dùng cho một yêu cầu khác."
    fault = "IdempotencyKeyReused"
    status = 422  # draft-ietf-httpapi-idempotency-key-header, sec. 2.7


class KeptAnswerUnreadable(ExchangeError, Conflict):
    """The request was done under this Idempotency-Key, but its answer cannot be opened any more; it is not done again."""

    code = "exchange.kept_answer_unreadable"
    message_vi = "Yêu cầu với khóa chống lặp này đã được thực hiện nhưng không mở lại được câu trả lời đã lưu."
    fault = "IdempotencyAnswerUnreadable"
    status = 409


class KeyInFlight(ExchangeError, Conflict):
    """A request with this Idempotency-Key is being answered; ask again when it is done."""

    code = "exchange.idempotency_key_in_flight"
    message_vi = "Yêu cầu với khóa chống lặp này đang được xử lý."
    fault = "IdempotencyKeyInFlight"
    status = 409
