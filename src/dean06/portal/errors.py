"""What the portal may refuse."""

from dean06.core.errors import Conflict, Denied, Invalid, NotFound, Unavailable


class LoginNotStarted(Denied):
    """The answer of the identity provider does not belong to a log-in that this browser started, or came too late."""

    code = "portal.login_not_started"
    message_vi = "Lần đăng nhập này đã hết hạn hoặc không bắt đầu từ trình duyệt này. Hãy đăng nhập lại."


class LoginRefused(Denied):
    """The identity provider did not let the person in, or she declined."""

    code = "portal.login_refused"
    message_vi = "Bạn chưa đăng nhập: yêu cầu đã bị hủy hoặc bị từ chối ở trang định danh điện tử."


class TokenRefused(Denied):
    """The identity provider's token does not hold what the standard demands."""

    code = "portal.token_refused"
    message_vi = "Không xác nhận được kết quả đăng nhập. Hãy thử đăng nhập lại."


class ProviderAway(Unavailable):
    """The identity provider does not answer, or answers with something else than the protocol says."""

    code = "portal.provider_away"
    message_vi = "Hệ thống định danh điện tử đang gián đoạn. Hãy thử đăng nhập lại sau ít phút."


class LoginNeeded(Denied):
    """The page shows a person's own data: nobody is logged in."""

    code = "portal.login_needed"
    message_vi = "Trang này dành cho người đã đăng nhập."


class OwnRecordRefused(Unavailable):
    """The registry did not hand out the person's own record."""

    code = "portal.own_record_refused"
    message_vi = "Chưa lấy được thông tin của bạn từ cơ sở dữ liệu quốc gia về dân cư. Hãy thử lại sau ít phút."


class BadChoice(Invalid):
    """The choice of language or display is not one that is offered."""

    code = "portal.bad_choice"
    message_vi = "Lựa chọn không có trong danh sách."


class CaseNotFound(NotFound):
    """There is no such case, or the actor may not see it."""

    code = "portal.case_not_found"
    message_vi = "Không có phản ánh này."


class WordsNeeded(Invalid):
    """A case and its answer are written in words, and not in a book."""

    code = "portal.words_needed"
    message_vi = "Hãy viết vài lời, nhiều nhất 2.000 ký tự."


class CaseAlreadyOpen(Conflict):
    """The person has opened a case about this look before."""

    code = "portal.case_already_open"
    message_vi = "Bạn đã phản ánh lần xem này rồi."


class CaseAlreadyAnswered(Conflict):
    """The case was answered before; an answer stands."""

    code = "portal.case_already_answered"
    message_vi = "Phản ánh này đã được trả lời."


class NotDataProtectionOfficer(Denied):
    """Cases are answered by the data protection officer."""

    code = "portal.not_data_protection_officer"
    message_vi = "Việc này dành cho người phụ trách bảo vệ dữ liệu cá nhân."
    asks_for_login = True
