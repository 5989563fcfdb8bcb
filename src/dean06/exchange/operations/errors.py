"""What operations may refuse."""

from dean06.core.errors import NotFound


class DayNotPublished(NotFound):
    """The day is not over for long enough, or its figures are kept no more."""

    code = "exchange.day_not_published"
    message_vi = "Ngày này chưa được công bố hoặc không còn được giữ."
