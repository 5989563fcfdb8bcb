"""How pages name the states, steps and certainties of agreements, and what an agreement allows in plain words."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dean06.exchange.models import AgreementCase
from dean06.ui.public import formats

STATES: Final[Mapping[str, tuple[object, str]]] = {
    "requested": (_("Chờ phê duyệt"), "run"),
    "coming": (_("Chưa đến ngày hiệu lực"), "run"),
    "in_force": (_("Đang hiệu lực"), "ok"),
    "expiring": (_("Sắp hết hạn"), "warn"),
    "expired": (_("Đã hết hạn"), ""),
    "altered": (_("Bị sửa, không áp dụng"), "stop"),
    "suspended": (_("Tạm đình chỉ"), "stop"),
    "ended": (_("Đã chấm dứt"), ""),
    "refused": (_("Bị từ chối"), "stop"),
    "withdrawn": (_("Đã rút"), ""),
}
"""Name and kind of tag of each state that a page shows."""
EVENTS: Final = {
    "requested": _("Gửi đề nghị"),
    "approved_by_provider": _("Bên cung cấp phê duyệt"),
    "approved_by_operator": _("Đơn vị vận hành phê duyệt"),
    "signed": _("Nền tảng ký, bắt đầu có hiệu lực theo thời hạn"),
    "refused": _("Từ chối"),
    "withdrawn": _("Rút đề nghị"),
    "suspended": _("Tạm đình chỉ"),
    "resumed": _("Cho hoạt động lại"),
    "ended": _("Chấm dứt"),
    "expiring": _("Báo sắp hết hạn"),
    "loaded": _("Nạp từ gói cấu hình: việc triển khai hệ thống đã phê duyệt"),
    "withdrawn_by_pack": _("Gói cấu hình chấm dứt thỏa thuận"),
}
SIDES: Final = {"provider": _("Bên cung cấp"), "operator": _("Đơn vị vận hành")}
DECISIONS: Final = {"approved": _("phê duyệt"), "refused": _("từ chối")}
ALTERATIONS: Final = {
    "content_altered": _("Nội dung không còn đúng như khi đề nghị."),
    "parties_altered": _("Cơ quan hỏi hoặc cơ quan cung cấp được ghi nhận không phải là cơ quan nêu trong nội dung."),
    "origin_altered": _("Không rõ thỏa thuận do người đề nghị hay do gói cấu hình: các ghi nhận mâu thuẫn nhau."),
    "decision_missing": _("Có quyết định được ghi nhận mà không có chữ ký của người quyết định."),
    "decision_altered": _("Chữ ký không khớp với quyết định: nội dung, lý do, người, chức vụ hoặc thời điểm đã bị sửa."),
    "person_altered": _("Người phê duyệt được ghi nhận không phải là người đã ký."),
    "seal_wrong": _("Chữ ký của nền tảng còn thiếu, hoặc không khớp với nội dung và quyết định."),
    "state_altered": _("Trạng thái không khớp với các bước trong lịch sử."),
}
CERTAINTIES: Final = {
    "F": _("đã đọc văn bản"),
    "F2": _("nguồn thứ cấp"),
    "C": _("suy ra"),
    "M": _("chưa đối chiếu văn bản"),
}
NOTIFY: Final = {
    "immediate": _("Ngay khi dữ liệu được trả lời"),
    "delayed": _("Sau một ngày nhất định"),
    "exempt": _("Không báo, có căn cứ"),
}
KEEP_BODIES: Final = {
    "none": _("Không lưu nội dung"),
    "provider": _("Cổng của bên cung cấp lưu nội dung, có mã hóa"),
    "both": _("Cổng của cả hai bên lưu nội dung, có mã hóa"),
}
KEPT_BY: Final = {"provider": _("ở cổng của bên cung cấp"), "both": _("ở cổng của cả hai bên")}


def shown_state(case: AgreementCase, day: date) -> str:
    """Return the state as a reader understands it on a day: being in force has a beginning and an end."""
    agreement = case.agreement
    if case.state != AgreementCase.State.IN_FORCE:
        return case.state
    if day < agreement.valid_from:
        return "coming"
    if day > agreement.valid_until:
        return "expired"
    return "expiring" if (agreement.valid_until - day).days <= 30 else "in_force"  # noqa: PLR2004 -- WARNED_BEFORE of the domain, in days


def summary(document: Mapping[str, Any], *, client: str, service: str) -> list[str]:
    """Say in plain sentences what the agreement will allow, and what it asks in return.

    Args:
        document: content of the agreement.
        client: name of who asks.
        service: name of what is asked.
    """
    said = [
        gettext("%(client)s được hỏi %(service)s qua %(endpoints)s.")
        % {"client": client, "service": service, "endpoints": _listed(map(_endpoint, document["endpoints"]))},
        gettext("Chỉ để: %(purposes)s.") % {"purposes": _listed(document["purposes"])},
        gettext("Nhận toàn bộ câu trả lời, không lọc trường nào.")
        if document["fields"] == ["*"]
        else gettext("Chỉ nhận các trường: %(fields)s. Mọi trường khác bị bỏ khỏi câu trả lời.") % {"fields": _listed(document["fields"])},
    ]
    if events := document.get("events"):
        said.append(gettext("Được báo khi có các loại sự kiện: %(events)s.") % {"events": _listed(events)})
    if roles := document.get("officer_roles"):
        said.append(gettext("Mỗi lần hỏi phải nêu người hỏi, giữ một trong các vai trò: %(roles)s.") % {"roles": _listed(roles)})
    if document.get("issue_required"):
        said.append(gettext("Mỗi lần hỏi phải nêu mã hồ sơ hoặc vụ việc."))
    if document.get("subject_required", True):
        said += [gettext("Câu trả lời phải cho biết dữ liệu thuộc về ai; nếu không, câu trả lời bị giữ lại."), _told(document)]
    else:
        said.append(gettext("Câu trả lời không gắn với một người; không ai thấy lượt hỏi trong nhật ký của mình."))
    if (kept := document.get("keep_bodies", "none")) != "none":
        said.append(gettext("Câu hỏi và câu trả lời được lưu có mã hóa rồi hủy theo ngày: %(who)s.") % {"who": KEPT_BY[kept]})
    said.append(_limits(document))
    said.append(
        gettext("Từ %(first)s đến hết %(last)s.")
        % {
            "first": formats.day(date.fromisoformat(document["valid_from"])),
            "last": formats.day(date.fromisoformat(document["valid_until"])),
        }
    )
    return said


def _endpoint(one: Mapping[str, str]) -> str:
    return gettext("mọi phương thức %(path)s") % {"path": one["path"]} if one["method"] == "*" else f"{one['method']} {one['path']}"


def _listed(parts: Any) -> str:
    return ", ".join(parts)


def _limits(document: Mapping[str, Any]) -> str:
    rate, quota = document.get("rate_per_second", 0), document.get("daily_quota", 0)
    if rate and quota:
        return gettext("Không quá %(rate)s lượt mỗi giây và %(quota)s lượt mỗi ngày.") % {
            "rate": formats.number(rate),
            "quota": formats.number(quota),
        }
    if rate:
        return gettext("Không quá %(rate)s lượt mỗi giây, không giới hạn theo ngày.") % {"rate": formats.number(rate)}
    if quota:
        return gettext("Không quá %(quota)s lượt mỗi ngày.") % {"quota": formats.number(quota)}
    return gettext("Không giới hạn số lượt hỏi.")


def _told(document: Mapping[str, Any]) -> str:
    notify = document.get("notify", "immediate")
    if notify == "delayed":
        return gettext("Người dân thấy lượt hỏi từ ngày %(day)s.") % {"day": formats.day(date.fromisoformat(document["notify_until"]))}
    if notify == "exempt":
        return gettext("Người dân không được báo; căn cứ: %(ground)s.") % {"ground": document["notify_ground"]}
    return gettext("Người dân thấy ngay ai đã hỏi, lúc nào, những trường nào, để làm gì.")
