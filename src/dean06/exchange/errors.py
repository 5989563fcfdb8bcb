"""What the exchange may refuse, each with its word in X-Road's vocabulary.

``fault`` is the last part of the type in ``X-Road-Error``; the gateway that refuses puts ``Client.``,
``Server.ClientProxy.`` or ``Server.ServerProxy.`` before it (PR-REST, sec. 4.6).
"""

from typing import ClassVar

from dean06.core.errors import Conflict, Dean06Error, Denied, Invalid, NotFound, Unavailable


class ExchangeError(Dean06Error):
    """The exchange refused or could not complete a call."""

    code = "exchange.error"
    message_vi = "Không thực hiện được yêu cầu chia sẻ dữ liệu."
    fault: ClassVar[str] = "InternalError"
    status: ClassVar[int] = 0
    """HTTP status where PR-REST knows no such refusal; 0 follows its rule (500 for ``Server.``, else 400)."""


class TryLater(ExchangeError, Unavailable):
    """The call may pass later; ``Retry-After`` says when."""

    code = "exchange.try_later"
    status = 503
    fault = "Overloaded"

    def __init__(self, detail: str = "", /, *, retry_after: float, limits: str = "", **context: object) -> None:
        super().__init__(detail, retry_after=round(retry_after, 3), **context)
        self.retry_after = retry_after
        self.limits = limits


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


class ProviderUnreachable(ExchangeError, Unavailable):
    """The provider or its gateway does not answer."""

    code = "exchange.provider_unreachable"
    message_vi = "Không kết nối được với bên cung cấp dữ liệu."
    fault = "NetworkError"


class ServiceFailed(ExchangeError, Unavailable):
    """The provider's service failed."""

    code = "exchange.service_failed"
    message_vi = "Dịch vụ của bên cung cấp dữ liệu gặp lỗi."
    fault = "ServiceFailed"


class ServiceSilent(ServiceFailed):
    """The provider's service did not answer in time."""


class AnswerWithoutSubject(ServiceFailed):
    """The agreement needs to know whose data is disclosed, and the service did not say."""

    code = "exchange.answer_without_subject"
    message_vi = "Dịch vụ không cho biết dữ liệu thuộc về ai nên câu trả lời bị giữ lại."
    fault = "ServiceFailed.MissingSubject"


class AnswerNotMaskable(ServiceFailed):
    """The agreement limits the fields, and the answer is not a JSON document."""

    code = "exchange.answer_not_maskable"
    message_vi = "Không lọc được trường dữ liệu trong câu trả lời nên câu trả lời bị giữ lại."
    fault = "ServiceFailed.InvalidContentType"


class InconsistentResponse(ExchangeError, Unavailable):
    """The answer does not belong to the request, or its signature is wrong."""

    code = "exchange.inconsistent_response"
    message_vi = "Câu trả lời không khớp với yêu cầu hoặc chữ ký sai."
    fault = "InconsistentResponse"


class EvidenceNotKept(ExchangeError, Unavailable):
    """The evidence of the call could not be stored, so the answer is withheld."""

    code = "exchange.evidence_not_kept"
    message_vi = "Không lưu được bằng chứng trao đổi nên câu trả lời bị giữ lại."
    fault = "LoggingFailed"


class PackRefused(ExchangeError, Invalid):
    """A pack of members or agreements has faults; each is named with file, line and remedy."""

    code = "exchange.pack_refused"
    message_vi = "Gói cấu hình thành viên hoặc thỏa thuận có lỗi."


class GatewayDatabaseAway(ExchangeError, Unavailable):
    """The gateway's database does not answer at the moment; nothing of this call was done, try again."""

    code = "exchange.database_away"
    message_vi = "Cơ sở dữ liệu của cổng trao đổi đang gián đoạn. Yêu cầu chưa được thực hiện; hãy thử lại."


class RateExceeded(TryLater):
    """The agreement allows fewer calls at a time; come back after the seconds that Retry-After names."""

    code = "exchange.rate_exceeded"
    message_vi = "Hệ thống gọi nhanh hơn mức thỏa thuận cho phép. Hãy thử lại sau ít giây."
    fault = "TooManyRequests"
    status = 429  # RFC 6585, sec. 4


class QuotaExhausted(RateExceeded):
    """The agreement's calls of this day are used up; the next day begins after the seconds that Retry-After names."""

    code = "exchange.quota_exhausted"
    message_vi = "Hệ thống đã dùng hết số lượt của thỏa thuận trong ngày."


class ServiceBusy(TryLater):
    """The service has as many calls as it can take, and enough wait already."""

    code = "exchange.service_busy"
    message_vi = "Dịch vụ của bên cung cấp dữ liệu đang quá tải. Hãy thử lại sau."


class ServiceResting(TryLater):
    """The service did not answer several times in a row, so it is not asked for a while."""

    code = "exchange.service_resting"
    message_vi = "Dịch vụ của bên cung cấp dữ liệu không trả lời nên tạm thời không được gọi. Hãy thử lại sau."
    fault = "NetworkError"


class PeerResting(TryLater):
    """The provider's gateway did not answer several times in a row, so it is not asked for a while."""

    code = "exchange.peer_resting"
    message_vi = "Cổng của bên cung cấp dữ liệu không trả lời nên tạm thời không được gọi. Hãy thử lại sau."
    fault = "NetworkError"


class PeerBusy(TryLater):
    """The provider's gateway is being asked by as many calls as one gateway may hold here, and enough wait already."""

    code = "exchange.peer_busy"
    message_vi = "Quá nhiều yêu cầu đang chờ cổng của bên cung cấp dữ liệu. Hãy thử lại sau."


class GatewayBusy(TryLater):
    """The gateway has as many calls as it can take."""

    code = "exchange.gateway_busy"
    message_vi = "Cổng trao đổi đang quá tải. Hãy thử lại sau."


class BudgetSpent(ServiceFailed):
    """The time that the consumer gave for the call was over before the service answered."""

    code = "exchange.budget_spent"
    message_vi = "Hết thời gian mà hệ thống khai thác dành cho yêu cầu."
    fault = "ServiceFailed.Timeout"


class KeyReused(ExchangeError, Invalid):
    """The Idempotency-Key was used for another request; take a new key for a new request."""

    code = "exchange.idempotency_key_reused"
    message_vi = "Khóa chống lặp đã được dùng cho một yêu cầu khác."
    fault = "IdempotencyKeyReused"
    status = 422  # draft-ietf-httpapi-idempotency-key-header, sec. 2.7


class KeyInFlight(ExchangeError, Conflict):
    """A request with this Idempotency-Key is being answered; ask again when it is done."""

    code = "exchange.idempotency_key_in_flight"
    message_vi = "Yêu cầu với khóa chống lặp này đang được xử lý."
    fault = "IdempotencyKeyInFlight"
    status = 409


class AgreementNotFound(ExchangeError, NotFound):
    """No such agreement, or not one that this person may see."""

    code = "exchange.agreement_not_found"
    message_vi = "Không có thỏa thuận này, hoặc thỏa thuận không thuộc cơ quan của bạn."
    fault = "NotFound"


class NotInAgreementOffice(ExchangeError, Denied):
    """Agreements are requested and approved by people whose post has that role."""

    code = "exchange.not_in_agreement_office"
    message_vi = "Việc này dành cho người giữ vai trò đề nghị, phê duyệt chia sẻ dữ liệu hoặc vận hành nền tảng của đúng cơ quan."
    fault = "AccessDenied"
    asks_for_login = True


class SecondPersonNeeded(ExchangeError, Denied):
    """Whoever took part in this before cannot approve it: four eyes mean different people."""

    code = "exchange.second_person_needed"
    message_vi = "Bạn đã tham gia việc này. Phê duyệt phải do người khác thực hiện."
    fault = "AccessDenied"


class AgreementNotWaiting(ExchangeError, Conflict):
    """The agreement is not in a state that allows this step."""

    code = "exchange.agreement_not_waiting"
    message_vi = "Trạng thái hiện tại của thỏa thuận không cho phép bước này. Hãy tải lại trang để xem trạng thái mới."
    fault = "Conflict"


class AgreementFaulty(ExchangeError, Invalid):
    """The requested agreement has faults; each is named."""

    code = "exchange.agreement_faulty"
    message_vi = "Nội dung thỏa thuận có chỗ chưa đúng."
    fault = "BadRequest"


class EvidenceNotFound(ExchangeError, NotFound):
    """There is no evidence of such a transaction, or it is not the asker's own."""

    code = "exchange.evidence_not_found"
    message_vi = "Không có bằng chứng của giao dịch này, hoặc giao dịch không phải của đơn vị hỏi."
    fault = "NotFound"
    status = 404


class MemberRevoked(ExchangeError, Denied):
    """The member was shut out of the exchange by its operator; nothing is asked of it and nothing answered to it."""

    code = "exchange.member_revoked"
    message_vi = "Thành viên này đã bị đình chỉ khỏi nền tảng."
    fault = "UnknownMember"


class ConfigurationMissing(ExchangeError, Unavailable):
    """This gateway has no configuration that it can believe yet."""

    code = "exchange.configuration_missing"
    message_vi = "Cổng trao đổi chưa nhận được cấu hình tin cậy."
    fault = "OutdatedGlobalConf"


class ConfigurationExpired(ExchangeError, Unavailable):
    """The gateway's configuration is past its validity and grace, and the registry did not give a newer one."""

    code = "exchange.configuration_expired"
    message_vi = "Cấu hình của cổng trao đổi đã quá hạn và chưa nhận được bản mới."
    fault = "OutdatedGlobalConf"


class ConfigurationRefused(ExchangeError, Denied):
    """A configuration is not what the registry signed, or is older than the one in use."""

    code = "exchange.configuration_refused"
    message_vi = "Cấu hình nhận được không do cơ quan đăng ký ký hoặc cũ hơn bản đang dùng."
    fault = "InternalError"


class MemberKeyNotFound(ExchangeError, NotFound):
    """No such key of a member, or it does not stand so that this step is possible."""

    code = "exchange.member_key_not_found"
    message_vi = "Không có khóa này của thành viên, hoặc khóa không còn ở trạng thái cho phép bước này."
    fault = "NotFound"


class NotInEvidenceOffice(ExchangeError, Denied):
    """The evidence of the exchange is searched by operators."""

    code = "exchange.not_in_evidence_office"
    message_vi = "Việc này dành cho người vận hành nền tảng trao đổi dữ liệu."
    fault = "AccessDenied"
    asks_for_login = True
