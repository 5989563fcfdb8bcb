"""What the organisation may refuse."""

from dean06.core.errors import Conflict, Denied, Invalid, NotFound


class OrgUnitNotFound(NotFound):
    """There is no such agency or unit."""

    code = "organisation.unit_not_found"
    message_vi = "Không tìm thấy cơ quan, đơn vị này."


class PostNotFound(NotFound):
    """There is no such post."""

    code = "organisation.post_not_found"
    message_vi = "Không tìm thấy vị trí công tác này."


class ProposalNotFound(NotFound):
    """There is no such proposal, or it was decided already."""

    code = "organisation.proposal_not_found"
    message_vi = "Không tìm thấy đề nghị bổ nhiệm này, hoặc đề nghị đã được quyết định."


class NotHeld(NotFound):
    """The post has no holder on that day."""

    code = "organisation.not_held"
    message_vi = "Vị trí này không có người giữ trong ngày đã chọn."


class MalformedUnit(Invalid):
    """A unit needs a code, a name and a known kind; a post a title and known roles."""

    code = "organisation.malformed_unit"
    message_vi = "Đơn vị cần có mã, tên và loại hợp lệ; vị trí công tác cần có chức danh và vai trò hợp lệ."


class EmptyTerm(Invalid):
    """The last day comes before the first."""

    code = "organisation.empty_term"
    message_vi = "Ngày kết thúc phải sau ngày bắt đầu."


class UnitDiffers(Conflict):
    """A unit or post of this code exists and says something else."""

    code = "organisation.unit_differs"
    message_vi = "Mã này đã được dùng cho đơn vị hoặc vị trí khác."


class PostTaken(Conflict):
    """Someone else holds the post on one of these days."""

    code = "organisation.post_taken"
    message_vi = "Vị trí này đã có người giữ trong khoảng thời gian đã chọn."


class AlreadyAbsent(Conflict):
    """The person is recorded as absent on one of these days already."""

    code = "organisation.already_absent"
    message_vi = "Người này đã được ghi nhận vắng mặt trong khoảng thời gian đã chọn."


class StandInUnfit(Conflict):
    """The stand-in must be someone else who holds a post in the same unit on the first day."""

    code = "organisation.stand_in_unfit"
    message_vi = "Người thay phải là người khác đang giữ một vị trí trong cùng đơn vị."


class MayNotAppoint(Denied):
    """Only an administrator of posts may do this."""

    code = "organisation.may_not_appoint"
    message_vi = "Chỉ người quản trị vị trí công tác mới được thực hiện việc này."


class FourEyesRequired(Denied):
    """This post carries a sensitive role: one person proposes, another approves."""

    code = "organisation.four_eyes_required"
    message_vi = "Vị trí này có vai trò nhạy cảm: một người đề nghị, một người khác phê duyệt."
