"""What states, steps and events are called on pages (wording of the national list, ui/README.md "Words")."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dean06.services.domain.states import Channel, Kind, State, Step

Words = Mapping[str, "str | Promise"]

STATES: Final[Mapping[int, "str | Promise"]] = {
    State.REGISTERED: _("Mới đăng ký"),
    State.RECEIVED: _("Được tiếp nhận"),
    State.NOT_RECEIVED: _("Không được tiếp nhận"),
    State.IN_PROGRESS: _("Đang xử lý"),
    State.SUPPLEMENT: _("Yêu cầu bổ sung giấy tờ"),
    State.FINANCIAL_DUTY: _("Yêu cầu thực hiện nghĩa vụ tài chính"),
    State.WITHDRAWN: _("Công dân yêu cầu rút hồ sơ"),
    State.STOPPED: _("Dừng xử lý"),
    State.DONE: _("Đã xử lý xong"),
    State.RETURNED: _("Đã trả kết quả"),
}
"""The ten national states. Source: domain.md E.3."""

STATE_KINDS: Final[Mapping[int, str]] = {
    State.REGISTERED: "run",
    State.RECEIVED: "run",
    State.NOT_RECEIVED: "stop",
    State.IN_PROGRESS: "run",
    State.SUPPLEMENT: "warn",
    State.FINANCIAL_DUTY: "warn",
    State.WITHDRAWN: "",
    State.STOPPED: "stop",
    State.DONE: "ok",
    State.RETURNED: "ok",
}
"""How a state's tag looks."""

STEPS: Final[Mapping[int, "str | Promise"]] = {
    Step.RECEPTION: _("Tiếp nhận"),
    Step.APPRAISAL: _("Thẩm định"),
    Step.APPROVAL: _("Phê duyệt"),
    Step.SIGNING: _("Ký số"),
    Step.RETURN: _("Trả kết quả"),
    Step.NONE: _("Đã kết thúc"),
}

CHANNELS: Final[Mapping[int, "str | Promise"]] = {
    Channel.COUNTER: _("Tại quầy"),
    Channel.ONLINE: _("Trực tuyến"),
    Channel.POST: _("Bưu chính"),
}

EVENTS: Final[Mapping[str, "str | Promise"]] = {
    Kind.SUBMITTED: _("Nộp hồ sơ"),
    Kind.CLAIMED: _("Nhận việc"),
    Kind.RELEASED: _("Trả lại hàng chờ"),
    Kind.CONSENT_ASKED: _("Hỏi lại ý kiến"),
    Kind.CONSENT_GIVEN: _("Đồng ý"),
    Kind.CONSENT_REFUSED: _("Không đồng ý"),
    Kind.RECEIVED: _("Ký tiếp nhận"),
    Kind.RECEPTION_REFUSED: _("Từ chối tiếp nhận"),
    Kind.SUPPLEMENT_REQUESTED: _("Yêu cầu bổ sung"),
    Kind.SUPPLEMENT_ANSWERED: _("Gửi bổ sung"),
    Kind.DUTY_REQUESTED: _("Yêu cầu nộp lệ phí"),
    Kind.PAYMENT_RECORDED: _("Ghi nhận lệ phí"),
    Kind.APPRAISED: _("Ký thẩm định"),
    Kind.APPROVED: _("Ký phê duyệt"),
    Kind.RESULT_SIGNED: _("Ký số kết quả"),
    Kind.REGISTRY_CONFIRMED: _("Cơ sở dữ liệu dân cư đã cập nhật"),
    Kind.REGISTRY_REFUSED: _("Cơ sở dữ liệu dân cư từ chối cập nhật"),
    Kind.RETURNED: _("Ký trả kết quả"),
    Kind.STOPPED: _("Dừng xử lý"),
    Kind.WITHDRAWN: _("Rút hồ sơ"),
}

SEXES: Final[Words] = {"male": _("Nam"), "female": _("Nữ")}
RELATIONS: Final[Words] = {"spouse": _("vợ hoặc chồng"), "parent": _("cha hoặc mẹ"), "child": _("con"), "sibling": _("anh, chị, em")}
RELATIVES: Final[Words] = {"spouse": _("Vợ hoặc chồng"), "father": _("Cha"), "mother": _("Mẹ")}
ANSWERS: Final[Words] = {"pending": _("Chưa trả lời"), "given": _("Đã đồng ý"), "refused": _("Không đồng ý")}
ANSWER_KINDS: Final[Mapping[str, str]] = {"pending": "warn", "given": "ok", "refused": "stop"}
CERTAINTIES: Final[Words] = {
    "found": _("đã đối chiếu nguồn"),
    "weak": _("nguồn thứ cấp, chờ xác nhận"),
    "default": _("mặc định của hệ thống, đơn vị triển khai xác nhận"),
}
