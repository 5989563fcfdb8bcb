"""What events may refuse."""

from dean06.core.errors import Conflict, Denied, Invalid, NotFound


class EventTypeUnknown(NotFound):
    """No such type of event is registered here, or no agreement lets you hear of it."""

    code = "exchange.event_type_unknown"
    message_vi = "Không có loại sự kiện này, hoặc chưa có thỏa thuận cho phép nhận."


class EventRefused(Invalid):
    """The event does not follow CloudEvents 1.0 or the schema of its type."""

    code = "exchange.event_refused"
    message_vi = "Sự kiện không đúng CloudEvents 1.0 hoặc không đúng lược đồ của loại sự kiện."


class NotTheTeller(Denied):
    """Only the subsystem that registered a type tells its events."""

    code = "exchange.event_not_the_teller"
    message_vi = "Chỉ hệ thống đã đăng ký loại sự kiện mới được phát sự kiện đó."


class SubscriptionUnknown(NotFound):
    """No such subscription of this client under this purpose."""

    code = "exchange.subscription_unknown"
    message_vi = "Không có đăng ký nhận sự kiện này."


class SubscriptionUncovered(Denied):
    """No agreement in force lets this subscription go on today."""

    code = "exchange.subscription_uncovered"
    message_vi = "Không có thỏa thuận đang hiệu lực cho đăng ký nhận sự kiện này."


class SubscriptionOfAnotherKind(Conflict):
    """The subscription is of the other mode, or has ended."""

    code = "exchange.subscription_of_another_kind"
    message_vi = "Đăng ký nhận sự kiện đã kết thúc hoặc thuộc hình thức khác."


class TargetUnknown(NotFound):
    """No such address is registered for this client: an operator registers it first."""

    code = "exchange.event_target_unknown"
    message_vi = "Địa chỉ nhận sự kiện chưa được quản trị viên đăng ký cho hệ thống này."


class TargetRefused(Invalid):
    """Events cannot be sent to this address."""

    code = "exchange.event_target_refused"
    message_vi = "Không gửi được sự kiện đến địa chỉ này: cần https, không kèm tên người dùng."


class MalformedEventRequest(Invalid):
    """The request to the service of events is not of the form that its OpenAPI document describes."""

    code = "exchange.event_request_malformed"
    message_vi = "Yêu cầu gửi đến dịch vụ sự kiện không đúng dạng."


class NoSuchEventService(NotFound):
    """The service of events has no such path and method."""

    code = "exchange.event_service_unknown"
    message_vi = "Dịch vụ sự kiện không có đường dẫn này."
