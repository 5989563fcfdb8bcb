"""What keys and groups may refuse, beside what the exchange refuses."""

from dean06.core.errors import Conflict, NotFound
from dean06.exchange.errors import ExchangeError


class GroupNotFound(ExchangeError, NotFound):
    """No such group, or none that concerns this person's agency."""

    code = "exchange.group_not_found"
    message_vi = "Không có nhóm này, hoặc nhóm không liên quan đến cơ quan của bạn."
    fault = "NotFound"


class GroupChangeImpossible(ExchangeError, Conflict):
    """The client is in the group already, or is not in it, or a change of it waits."""

    code = "exchange.group_change_impossible"
    message_vi = "Hệ thống đã ở trong nhóm, không ở trong nhóm, hoặc đang có một đề nghị chờ duyệt."
    fault = "BadRequest"


class GroupChangeNotWaiting(ExchangeError, NotFound):
    """No such change waits for a decision."""

    code = "exchange.group_change_not_waiting"
    message_vi = "Đề nghị này không còn chờ duyệt."
    fault = "NotFound"


class KeyIsOver(ExchangeError, Conflict):
    """The key was refused or revoked before."""

    code = "exchange.key_is_over"
    message_vi = "Khóa này đã bị từ chối hoặc thu hồi từ trước."
    fault = "BadRequest"
