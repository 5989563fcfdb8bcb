"""What reference may refuse."""

from dean06.core.errors import Invalid, NotFound


class UnitUnknown(NotFound):
    """No administrative unit has this code on that day."""

    code = "reference.unit_unknown"
    message_vi = "Không có đơn vị hành chính mang mã này vào ngày được hỏi."


class AgencyUnknown(NotFound):
    """No agency has this code on that day."""

    code = "reference.agency_unknown"
    message_vi = "Không có cơ quan mang mã này vào ngày được hỏi."


class CodeListUnknown(NotFound):
    """There is no code list of this name."""

    code = "reference.code_list_unknown"
    message_vi = "Không có danh mục mang tên này."


class BadOverride(Invalid):
    """A calendar override must say why and where it is written."""

    code = "reference.bad_override"
    message_vi = "Ngày điều chỉnh phải có lý do và căn cứ."


class DurationOutOfRange(Invalid):
    """A number of working days must lie between 0 and 10,000."""

    code = "reference.duration_out_of_range"
    message_vi = "Số ngày làm việc phải từ 0 đến 10.000."
