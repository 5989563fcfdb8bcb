"""How oversight names what it counts."""

from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dean06.ui.public import formats

MINUTES_AN_HOUR: Final = 60
HOURS_A_DAY: Final = 24

MEASURES: Final = {
    "received": _("Đã tiếp nhận"),
    "in_progress": _("Đang giải quyết"),
    "overdue": _("Đang quá hạn"),
    "before": _("Trả trước hạn"),
    "on": _("Trả đúng ngày hẹn"),
    "after": _("Trả quá hạn"),
    "settled": _("Đã giải quyết"),
    "on_time": _("Giải quyết đúng hạn"),
}
EVENTS: Final = {
    "submitted": _("Người dân nộp hồ sơ"),
    "claimed": _("Cán bộ nhận việc"),
    "released": _("Cán bộ trả lại việc"),
    "consent_asked": _("Hỏi ý kiến người liên quan"),
    "consent_given": _("Người liên quan đồng ý"),
    "consent_refused": _("Người liên quan không đồng ý"),
    "received": _("Tiếp nhận, bắt đầu tính hạn"),
    "reception_refused": _("Không tiếp nhận"),
    "supplement_requested": _("Yêu cầu bổ sung, đồng hồ dừng"),
    "supplement_answered": _("Đã bổ sung, đồng hồ chạy lại"),
    "duty_requested": _("Chờ thực hiện nghĩa vụ tài chính"),
    "payment_recorded": _("Ghi nhận lệ phí"),
    "appraised": _("Thẩm định xong"),
    "approved": _("Phê duyệt"),
    "result_signed": _("Ký số kết quả"),
    "registry_confirmed": _("CSDL dân cư đã cập nhật"),
    "registry_refused": _("CSDL dân cư từ chối cập nhật"),
    "returned": _("Trả kết quả"),
    "stopped": _("Dừng xử lý"),
    "withdrawn": _("Người dân rút hồ sơ"),
}


def duration_words(hours: float) -> str:
    """Write a stretch of time in the unit that people would use: minutes, hours or days of 24 hours."""
    if hours < 1:
        return gettext("%(n)s phút") % {"n": formats.number(hours * MINUTES_AN_HOUR, 1)}
    if hours < 2 * HOURS_A_DAY:
        return gettext("%(n)s giờ") % {"n": formats.number(hours, 1)}
    return gettext("%(n)s ngày") % {"n": formats.number(hours / HOURS_A_DAY, 1)}
