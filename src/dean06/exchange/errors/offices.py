"""Refusals at the desks of the exchange: packs, agreements, members, keys, configuration, evidence and bodies."""

from dean06.core.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from dean06.exchange.errors.roots import ExchangeError


class PackRefused(ExchangeError, Invalid):
    """A pack of members or agreements has faults; each is named with file, line and remedy."""

    code = "exchange.pack_refused"
    message_vi = "Gói cấu hình thành viên hoặc thỏa thuận có lỗi."


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


class AgreementAltered(ExchangeError, Conflict):
    """What is stored of the agreement is not what was requested and decided, or not what the person read; nothing was signed."""

    code = "exchange.agreement_altered"
    message_vi = (
        "Dữ liệu của thỏa thuận không còn đúng như đã đề nghị và phê duyệt, nên bước này không được thực hiện."
        " Hãy mở lại trang thỏa thuận, xem mục Đối chiếu chữ ký và báo cho đơn vị vận hành."
    )
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


class GatewayCertificateUnusable(ExchangeError, Invalid):
    """This is no certificate for a gateway: one X.509 certificate as PEM is, not ended, not of an authority."""

    code = "exchange.gateway_certificate_unusable"
    message_vi = "Chứng thư số này không dùng được cho cổng kết nối."
    fault = "BadRequest"


class GatewayCertificateNotFound(ExchangeError, NotFound):
    """The member's gateways have no such certificate, or it was revoked before."""

    code = "exchange.gateway_certificate_not_found"
    message_vi = "Thành viên không có chứng thư số cổng kết nối này, hoặc chứng thư đã bị thu hồi."
    fault = "NotFound"


class NotInEvidenceOffice(ExchangeError, Denied):
    """The evidence of the exchange is searched by operators."""

    code = "exchange.not_in_evidence_office"
    message_vi = "Việc này dành cho người vận hành nền tảng trao đổi dữ liệu."
    fault = "AccessDenied"
    asks_for_login = True
