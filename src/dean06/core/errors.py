"""The five kinds of foreseen failure; modules subclass them with a stable ``code``."""

from typing import ClassVar


class Dean06Error(Exception):
    """Something went wrong that we foresaw.

    ``code`` is stable, public and never reused: clients and runbooks depend on it. The first
    line of the class docstring is the English message for logs and machines; ``message_vi`` is what people read.
    ``context`` goes to the log, never to the client, and never holds personal data.
    """

    code: ClassVar[str] = "core.error"
    message_vi: ClassVar[str] = "Có lỗi xảy ra. Hãy thử lại sau."

    def __init__(self, detail: str = "", /, **context: object) -> None:
        self.detail = detail or (type(self).__doc__ or "").partition("\n")[0]
        self.context = context
        super().__init__(self.detail)


class Invalid(Dean06Error):
    """The input cannot be accepted as it stands."""

    code = "core.invalid"
    message_vi = "Thông tin gửi lên chưa đúng. Hãy kiểm tra lại."


class Denied(Dean06Error):
    """The caller may not do this."""

    asks_for_login: ClassVar[bool] = False
    """Whether logging in may help someone who is not logged in: pages then ask for it first."""
    code = "core.denied"
    message_vi = "Bạn không có quyền thực hiện việc này."


class NotFound(Dean06Error):
    """What was asked for does not exist, or not for this caller."""

    code = "core.not_found"
    message_vi = "Không tìm thấy nội dung bạn yêu cầu."


class Conflict(Dean06Error):
    """The state of the record does not allow this now."""

    code = "core.conflict"
    message_vi = "Trạng thái hiện tại không cho phép thực hiện việc này."


class Unavailable(Dean06Error):
    """Something needed is out of reach for the moment; trying again later may help."""

    code = "core.unavailable"
    message_vi = "Dịch vụ tạm thời chưa sẵn sàng. Hãy thử lại sau ít phút."
