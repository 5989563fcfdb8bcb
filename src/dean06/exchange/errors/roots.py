"""What every refusal of the exchange is, and what every refusal that a later try may overcome is."""

from typing import ClassVar

from dean06.core.errors import Dean06Error, Unavailable


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
