"""Who looked at a person's data and why, in sentences."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dean06.core.clock import today
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.core.paging import Page
from dean06.exchange.public import is_told as is_told_of
from dean06.ledger.public import Look
from dean06.portal import neighbours
from dean06.portal.models import LookCase

PAGE_SIZE: Final = 20
COUNTED_THROUGH: Final = 500
COUNTED_AT_ONCE: Final = 100
SHORT_LIST: Final = 6
CASE_OPENED: Final = "portal.case_opened"
ANSWERED: Final = "exchange.answered"
ANSWERED_YES_OR_NO: Final = "agrees"
ASKED: Final = gettext_lazy("Hỏi thông tin")
KINDS: Final[Mapping[str, tuple[object, str]]] = {
    ANSWERED: (gettext_lazy("Xem"), "eye"),
    "exchange.event_sent": (gettext_lazy("Được báo là có thay đổi về bạn, không kèm nội dung"), "info"),
    "exchange.body_opened": (gettext_lazy("Mở lại nội dung đã lưu của một lần trao đổi dữ liệu về bạn"), "eye"),
    "identity.claims_released": (gettext_lazy("Nhận khi bạn đăng nhập"), "key"),
    "identity.account_registered": (gettext_lazy("Lập tài khoản định danh điện tử cho bạn"), "card"),
    "identity.logged_in": (gettext_lazy("Bạn đăng nhập"), "key"),
    "identity.consent_given": (gettext_lazy("Bạn đồng ý cho nhận thông tin"), "check"),
    "identity.consent_withdrawn": (gettext_lazy("Bạn rút lại sự đồng ý"), "back"),
    "registry.residence_changed": (gettext_lazy("Đổi nơi thường trú của bạn theo quyết định đã ký"), "home"),
    "registry.population_loaded": (gettext_lazy("Nạp dữ liệu ban đầu vào cơ sở dữ liệu"), "db"),
    "registry.page_shown": (gettext_lazy("Mở trang thông tin"), "eye"),
    "services.dossier_submitted": (gettext_lazy("Nhận hồ sơ bạn nộp"), "folder"),
    "services.consent_given": (gettext_lazy("Ghi nhận ý kiến đồng ý"), "check"),
    "services.step_signed": (gettext_lazy("Ký một bước trong hồ sơ của bạn"), "pen"),
    "services.draft_started": (gettext_lazy("Bạn bắt đầu một tờ khai"), "folder"),
    "services.draft_saved": (gettext_lazy("Bạn lưu tờ khai"), "folder"),
    "services.file_attached": (gettext_lazy("Bạn tải một tệp lên"), "doc"),
    "services.consent_asked": (gettext_lazy("Hỏi ý kiến người liên quan"), "help"),
    "services.consent_refused": (gettext_lazy("Ghi nhận ý kiến không đồng ý"), "stop"),
    "services.dossier_opened": (gettext_lazy("Cán bộ mở hồ sơ của bạn"), "eye"),
    "services.document_opened": (gettext_lazy("Mở một văn bản trong hồ sơ của bạn"), "doc"),
    "services.dossier_claimed": (gettext_lazy("Cán bộ nhận xử lý hồ sơ của bạn"), "folder"),
    "services.dossier_released": (gettext_lazy("Cán bộ trả hồ sơ về hàng chờ"), "folder"),
    "services.dossier_supplement_requested": (gettext_lazy("Yêu cầu bạn bổ sung hồ sơ"), "warn"),
    "services.dossier_supplement_answered": (gettext_lazy("Nhận phần bạn bổ sung"), "folder"),
    "services.dossier_duty_requested": (gettext_lazy("Yêu cầu nộp lệ phí"), "warn"),
    "services.dossier_payment_recorded": (gettext_lazy("Ghi nhận lệ phí"), "check"),
    "services.dossier_registry_confirmed": (gettext_lazy("Cơ sở dữ liệu dân cư xác nhận đã cập nhật"), "check"),
    "services.dossier_registry_refused": (gettext_lazy("Cơ sở dữ liệu dân cư từ chối cập nhật"), "stop"),
    "services.dossier_reception_refused": (gettext_lazy("Từ chối tiếp nhận hồ sơ, có nêu lý do"), "stop"),
    "services.dossier_stopped": (gettext_lazy("Dừng xử lý hồ sơ, có nêu lý do"), "stop"),
    "services.dossier_withdrawn": (gettext_lazy("Bạn rút hồ sơ"), "back"),
    "services.result_stored": (gettext_lazy("Đưa kết quả vào kho dữ liệu của bạn"), "doc"),
    "registry.residence_corrected": (gettext_lazy("Cải chính nơi thường trú của bạn"), "home"),
    CASE_OPENED: (gettext_lazy("Bạn phản ánh một lần xem dữ liệu"), "help"),
    "portal.case_shown": (gettext_lazy("Mở phản ánh của bạn để xem xét"), "eye"),
    "portal.case_answered": (gettext_lazy("Trả lời phản ánh của bạn"), "doc"),
    "organisation.appointed": (gettext_lazy("Giao cho bạn một vị trí công tác"), "card"),
    "organisation.appointment_ended": (gettext_lazy("Kết thúc vị trí công tác của bạn"), "card"),
    "organisation.absence_recorded": (gettext_lazy("Ghi nhận thời gian bạn vắng mặt"), "clock"),
    "organisation.stand_in_appointed": (gettext_lazy("Giao bạn làm thay một vị trí"), "card"),
}
"""What each kind of entry says, and its drawing. A kind that is not here is shown all the same, by its code."""

FIELDS: Final[Mapping[str, object]] = {
    "personal_id": gettext_lazy("số định danh"),
    "old_number": gettext_lazy("số chứng minh nhân dân cũ"),
    "full_name": gettext_lazy("họ tên"),
    "born_on": gettext_lazy("ngày sinh"),
    "birth_precision": "",
    "sex": gettext_lazy("giới tính"),
    "ethnic_group": gettext_lazy("dân tộc"),
    "religion": gettext_lazy("tôn giáo"),
    "nationality": gettext_lazy("quốc tịch"),
    "marital_state": gettext_lazy("tình trạng hôn nhân"),
    "status": gettext_lazy("tình trạng bản ghi"),
    "died_on": gettext_lazy("ngày mất"),
    "permanent_residence": gettext_lazy("nơi thường trú"),
    "temporary_residence": gettext_lazy("nơi tạm trú"),
    "household": gettext_lazy("hộ gia đình"),
    "members": gettext_lazy("thành viên hộ"),
    "head": gettext_lazy("chủ hộ"),
    "code": gettext_lazy("mã hộ"),
    "address": gettext_lazy("địa chỉ"),
    "unit_name": gettext_lazy("đơn vị hành chính"),
    "unit_code": "",
    "father": gettext_lazy("cha"),
    "mother": gettext_lazy("mẹ"),
    "spouse": gettext_lazy("vợ hoặc chồng"),
    "born_in": gettext_lazy("nơi khai sinh"),
    "native_place": gettext_lazy("quê quán"),
    "relation": gettext_lazy("quan hệ"),
    "agrees": gettext_lazy("có khớp hay không"),
    "fields": "",
    "events": gettext_lazy("thông báo có thay đổi, không kèm nội dung"),
    "position": "",
    "more": "",
    "subjects": gettext_lazy("đăng ký nhận thông báo khi có thay đổi"),
    "new": "",
    "removed": gettext_lazy("thôi nhận thông báo khi có thay đổi"),
    "name": gettext_lazy("họ tên"),
    "birthdate": gettext_lazy("ngày sinh"),
    "gender": gettext_lazy("giới tính"),
    "number": gettext_lazy("số định danh"),
    "*": gettext_lazy("toàn bộ bản ghi"),
    "addressed_to": gettext_lazy("cơ quan nhận hồ sơ"),
    "phone": gettext_lazy("điện thoại"),
    "email": gettext_lazy("thư điện tử"),
    "present_place": gettext_lazy("nơi thường trú"),
    "new_place": gettext_lazy("nơi chuyển đến"),
    "case": gettext_lazy("trường hợp"),
    "relative": gettext_lazy("quan hệ"),
    "relation_to_householder": gettext_lazy("quan hệ"),
    "householder_name": gettext_lazy("chủ hộ"),
    "householder_personal_id": gettext_lazy("số định danh của chủ hộ"),
    "owner": gettext_lazy("chủ sở hữu chỗ ở"),
    "owner_personal_id": gettext_lazy("số định danh của chủ sở hữu"),
    "request": gettext_lazy("nội dung đề nghị"),
    "note": gettext_lazy("ghi chú"),
}
PURPOSES: Final[Mapping[str, object]] = {
    neighbours.OWN_RECORD: gettext_lazy("bạn tự xem dữ liệu của mình"),
    "userinfo": gettext_lazy("bạn đăng nhập bằng định danh điện tử"),
    "registration": gettext_lazy("bạn đăng ký tài khoản định danh"),
    "kyc": gettext_lazy("nhận biết khách hàng"),
}


@dataclass(frozen=True, slots=True)
class LookLine:
    """One line of the page: who, what, why, when, and where its proof is."""

    entry_id: UUID
    at: datetime
    who: str
    icon: str
    what: str
    fields: str
    all_fields: str
    why: str
    legal_basis: str
    dossier: str
    on_behalf_of: str
    log: str
    seq: int | None
    kind: str
    is_own: bool
    is_readable: bool
    case: LookCase | None = None

    @property
    def may_be_questioned(self) -> bool:
        """Say whether the person may open a case: somebody else did this, and it has its number."""
        return self.seq is not None and not self.is_own and not self.kind.startswith("portal.case_")


@dataclass(frozen=True, slots=True)
class Untold:
    """Looks that the law lets a person know of later or not at all: counted, never shown.

    Attributes:
        delayed: shown from a day on.
        exempt: not shown, by the ground that the agreement names; empty where the evidence is from before grounds were kept.
        is_all: false when there were more entries than were counted through.
    """

    delayed: int
    exempt: Mapping[str, int]
    is_all: bool


def lines(person: PersonKey, *, cursor: str = "", size: int = PAGE_SIZE) -> Page[LookLine]:
    """Return what was done with the person's data, newest first."""
    names = {card.code: str(card.name) for card in neighbours.procedures()}
    told: list[Look] = []
    next_cursor = cursor
    while len(told) < size:  # what is not told leaves no gap that would say when it was
        found = neighbours.looks(person, cursor=next_cursor, size=size - len(told))
        told += [look for look in found.rows if is_told(look)]
        next_cursor = found.next_cursor
        if not next_cursor:
            break
    cases = own_cases_of(person, told)
    return Page([line_of(look, procedure_names=names, case=cases.get(look.entry_id)) for look in told], next_cursor)


def own_cases_of(person: PersonKey, looks: Sequence[Look]) -> Mapping[UUID, LookCase]:
    """Return the person's cases about some looks, by entry."""
    rows = LookCase.objects.using(database_of("portal")).filter(person=person, entry_id__in=[look.entry_id for look in looks])
    return {case.entry_id: case for case in rows}


def is_told(look: Look) -> bool:
    """Say whether the person is to be told of a look, by the rule of the agreement that it rested on."""
    return is_told_of(look.detail, on=today())


def untold(person: PersonKey) -> Untold:
    """Count the looks that are not shown, through the newest ``COUNTED_THROUGH`` entries."""
    delayed, exempt, cursor = 0, Counter[str](), ""
    for _page in range(COUNTED_THROUGH // COUNTED_AT_ONCE):
        found = neighbours.looks(person, cursor=cursor, size=COUNTED_AT_ONCE)
        hidden = [look.detail for look in found.rows if not is_told(look)]
        delayed += sum(detail["notify"] == "delayed" for detail in hidden)
        exempt.update(str(detail.get("notify_ground", "")) for detail in hidden if detail["notify"] == "exempt")
        cursor = found.next_cursor
        if not cursor:
            break
    return Untold(delayed, dict(exempt.most_common()), is_all=not cursor)


def line_of(look: Look, *, procedure_names: Mapping[str, str], case: LookCase | None = None) -> LookLine:
    """Put one entry into words."""
    is_own = look.purpose == neighbours.OWN_RECORD
    what, icon = KINDS.get(look.kind, (look.kind, "eye"))
    if look.kind == ANSWERED:
        what, icon = (ASKED if ANSWERED_YES_OR_NO in look.fields else what), asker_icon(str(look.detail.get("client", "")))
    words = field_words(look.fields)
    return LookLine(
        entry_id=look.entry_id,
        at=look.at,
        who=_("Bạn tự xem") if is_own else look.who or (_("Bạn") if look.kind == CASE_OPENED else _("Hệ thống")),
        icon="data" if is_own else icon,
        what=str(what) if look.is_readable else _("Nội dung đã được xóa theo luật; bằng chứng vẫn còn"),
        fields=shortened(words),
        all_fields=", ".join(words) if len(words) > SHORT_LIST else "",
        why=str(PURPOSES.get(look.purpose) or procedure_names.get(look.purpose) or look.purpose).rstrip("."),
        legal_basis=look.legal_basis,
        dossier=look.dossier,
        on_behalf_of=look.on_behalf_of,
        log=look.log,
        seq=look.seq,
        kind=look.kind,
        is_own=is_own,
        is_readable=look.is_readable,
        case=case,
    )


def asker_icon(client: str) -> str:
    """Return the drawing for who asked, from the class of the member in the client's identifier (``VN/COM/…``)."""
    return {"GOV": "gov", "COM": "bank"}.get(client.partition("/")[2].partition("/")[0], "eye")


def field_words(paths: tuple[str, ...]) -> list[str]:
    """Name the released fields once each, in the words of the record; a path counts by its first step."""
    roots = dict.fromkeys(path.replace("[]", "").partition(".")[0] for path in paths)
    words = [str(FIELDS.get(root, root)) for root in roots]
    return list(dict.fromkeys(word for word in words if word))


def shortened(words: list[str]) -> str:
    """Name the first few fields and count the rest; the whole list stands beside the proof."""
    first = ", ".join(words[:SHORT_LIST])
    more = len(words) - SHORT_LIST
    return (
        first if more <= 0 else ngettext("%(first)s và %(n)s mục khác", "%(first)s và %(n)s mục khác", more) % {"first": first, "n": more}
    )
