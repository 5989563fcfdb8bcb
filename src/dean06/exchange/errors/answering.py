"""Refusals that lie with the answering side: its service, its gateway, its database, its bounds."""

from dean06.core.errors import Unavailable
from dean06.exchange.errors.roots import ExchangeError, TryLater


class ProviderUnreachable(ExchangeError, Unavailable):
    """The provider or its gateway does not answer."""

    code = "exchange.provider_unreachable"
    message_vi = "Không kết nối được với bên cung cấp dữ liệu."
    fault = "NetworkError"


class GatewayNotNamed(ProviderUnreachable):
    """The provider's gateway showed a certificate that the configuration does not name for it, or none."""

    code = "exchange.gateway_not_named"
    message_vi = "Cổng kết nối của bên cung cấp dùng chứng thư số không có trong cấu hình."
    fault = "SslAuthenticationFailed"


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
