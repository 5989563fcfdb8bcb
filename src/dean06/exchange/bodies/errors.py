"""What keeping, opening and shredding bodies may refuse."""

from dean06.core.errors import Conflict, Denied, Invalid, NotFound


class DayNotOver(Invalid):
    """Only days that are over can be shredded: bodies of today are still being written."""

    code = "exchange.day_not_over"
    message_vi = "Chỉ hủy được nội dung của những ngày đã qua."


class BodiesNotYours(Denied):
    """Kept bodies are opened by an operator whose post also has the role evidence_reader."""

    code = "exchange.bodies_not_yours"
    message_vi = "Chỉ người vận hành được giao thêm vai trò mở nội dung trao đổi mới mở được nội dung đã lưu."


class PurposeNotStated(Invalid):
    """A body is opened for a stated purpose of at least ten characters; the person concerned reads it."""

    code = "exchange.purpose_not_stated"
    message_vi = "Nêu mục đích mở nội dung, ít nhất 10 ký tự. Người có dữ liệu sẽ đọc được mục đích này."


class NoBodiesKept(NotFound):
    """The evidence holds no kept body: the agreement did not ask for it, there was none, or it was too large."""

    code = "exchange.no_bodies_kept"
    message_vi = "Giao dịch này không có nội dung được lưu."


class BodiesShredded(NotFound):
    """The bodies of that day were shredded; the evidence stays."""

    code = "exchange.bodies_shredded"
    message_vi = "Nội dung của ngày này đã hủy. Bằng chứng vẫn còn."


class BodiesNotReadable(Conflict):
    """A body cannot be opened although it was kept: the person's text was removed by law, or a row is missing or was altered."""

    code = "exchange.bodies_not_readable"
    message_vi = "Không mở được nội dung: phần đọc được của bằng chứng đã xóa theo luật, hoặc bản lưu bị thiếu hay bị sửa."
