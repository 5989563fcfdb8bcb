"""What the registry may refuse."""

from dean06.core.errors import Conflict, Invalid, NotFound


class MalformedPersonalId(Invalid):
    """A personal number has exactly twelve digits."""

    code = "registry.malformed_personal_id"
    message_vi = "Số định danh cá nhân phải gồm đúng 12 chữ số."


class MalformedOldNumber(Invalid):
    """A former identity card number has exactly nine digits."""

    code = "registry.malformed_old_number"
    message_vi = "Số chứng minh nhân dân phải gồm đúng 9 chữ số."


class MalformedRequest(Invalid):
    """The request's body is not a JSON document of the described form."""

    code = "registry.malformed_request"
    message_vi = "Nội dung yêu cầu không đúng mẫu. Xem tài liệu OpenAPI của dịch vụ."


class MalformedDecision(Invalid):
    """The decided dossier does not say who moves where from which day."""

    code = "registry.malformed_decision"
    message_vi = "Quyết định thiếu thông tin hoặc sai định dạng."


class RelationUnknown(Invalid):
    """Who joins a household states her relation to its head by a code of the list of relationships."""

    code = "registry.relation_unknown"
    message_vi = "Quan hệ với chủ hộ không có trong danh mục."


class RequestTooLarge(Invalid):
    """The request's body is larger than this service accepts."""

    code = "registry.request_too_large"
    message_vi = "Nội dung yêu cầu vượt quá kích thước cho phép."


class SearchTooBroad(Invalid):
    """A search needs a name of at least two letters."""

    code = "registry.search_too_broad"
    message_vi = "Hãy nhập họ tên (ít nhất hai chữ cái) để tìm."


class NoSuchService(NotFound):
    """The registry offers no such service."""

    code = "registry.no_such_service"
    message_vi = "Không có dịch vụ này."


class PersonNotFound(NotFound):
    """No person of the registry has this number or key."""

    code = "registry.person_not_found"
    message_vi = "Không tìm thấy công dân này trong cơ sở dữ liệu dân cư."


class HouseholdNotFound(NotFound):
    """The person belongs to no household."""

    code = "registry.household_not_found"
    message_vi = "Công dân này chưa có trong hộ gia đình nào."


class ResidenceNotFound(NotFound):
    """No such residence is held true at present."""

    code = "registry.residence_not_found"
    message_vi = "Không tìm thấy thông tin cư trú này, hoặc đã được thay thế."


class NumberAmbiguous(Conflict):
    """Several people held this nine-digit number; ask with the twelve-digit one."""

    code = "registry.number_ambiguous"
    message_vi = "Số chứng minh nhân dân này trùng ở nhiều người. Hãy dùng số định danh cá nhân."


class PersonDeceased(Conflict):
    """The record is closed by a death registration (đã khai tử)."""

    code = "registry.person_deceased"
    message_vi = "Công dân này đã được đăng ký khai tử."


class NotACommune(Invalid):
    """A residence is registered in a commune-level unit."""

    code = "registry.not_a_commune"
    message_vi = "Nơi cư trú phải là đơn vị hành chính cấp xã."


class BeforeBirth(Invalid):
    """A residence cannot begin before the person is born."""

    code = "registry.before_birth"
    message_vi = "Ngày bắt đầu cư trú không được trước ngày sinh."


class ResidenceOverlaps(Conflict):
    """Another residence of the same kind already covers part of this period."""

    code = "registry.residence_overlaps"
    message_vi = "Thời gian cư trú trùng với một nơi cư trú khác đã đăng ký."


class NotAHouseholder(Conflict):
    """The named householder heads no household."""

    code = "registry.not_a_householder"
    message_vi = "Người được nêu không phải là chủ hộ."


class HouseholdElsewhere(Conflict):
    """The household to be joined is registered in another commune."""

    code = "registry.household_elsewhere"
    message_vi = "Hộ gia đình nhập vào không thuộc đơn vị hành chính của nơi cư trú mới."


class PopulationRefused(Invalid):
    """The population files cannot be loaded as they stand."""

    code = "registry.population_refused"
    message_vi = "Không nạp được dữ liệu dân cư: tệp dữ liệu chưa đúng."


class AlreadyPopulated(Conflict):
    """The registry already holds another population; a bulk load goes into an empty registry."""

    code = "registry.already_populated"
    message_vi = "Cơ sở dữ liệu dân cư đã có dữ liệu khác. Chỉ nạp hàng loạt vào cơ sở dữ liệu trống."
