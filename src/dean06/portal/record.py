"""A person's own record as she reads it: from the registry's documents to names and values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from dean06.core.actor import Actor
from dean06.portal import neighbours
from dean06.portal.sessions import keep_page, kept_page
from dean06.ui.public import Fact, formats

RECORD: Final = "record"
HOUSEHOLD: Final = "household"
PATHS: Final[Mapping[str, str]] = {RECORD: "/v1/persons/look-up", HOUSEHOLD: "/v1/households/look-up"}


def own(page: str, *, actor: Actor) -> Mapping[str, Any]:
    """Return the document behind a page of the actor's own data; the registry is asked once a session and page (design §3)."""
    session = UUID(actor.session)
    if (kept := kept_page(session, page)) is not None:
        return kept
    document = dict(neighbours.own_document(PATHS[page], actor=actor))
    keep_page(session, page, document)
    return document


@dataclass(frozen=True, slots=True)
class Member:
    """One line of the household."""

    full_name: str
    masked_number: str
    born_on: str
    sex: str
    relation: str
    is_self: bool


def sex(code: str | None) -> str:
    """Return the word for a sex code."""
    return {"male": _("Nam"), "female": _("Nữ")}.get(code or "", "")


def _masked(number: object) -> str:
    return formats.masked_number(number) if number else ""


def _place(place: Mapping[str, Any] | None) -> str:
    if not place:
        return ""
    return ", ".join(str(place[key]) for key in ("address", "unit_name") if place.get(key))


def _since(place: Mapping[str, Any] | None) -> str:
    return _("từ %(day)s") % {"day": formats.day(place["since"])} if place and place.get("since") else ""


def _someone(document: Mapping[str, Any], key: str) -> str:
    found = document.get(key)
    return str(found.get("full_name", "")) if isinstance(found, Mapping) else ""


def status(code: str | None) -> str:
    """Return the word for the state of a record."""
    return {"alive": _("Đang hoạt động"), "dead": _("Đã khai tử"), "missing": _("Tuyên bố mất tích")}.get(code or "", "")


def person_facts(document: Mapping[str, Any]) -> list[Fact]:
    """List what the registry holds about the person, in the order of her card."""
    return [
        Fact(_("Họ, chữ đệm và tên"), document.get("full_name")),
        Fact(_("Số định danh cá nhân"), _masked(document.get("personal_id")), is_number=True),
        Fact(_("Số chứng minh nhân dân cũ"), _masked(document.get("old_number")), is_number=True),
        Fact(_("Ngày sinh"), formats.day(document.get("born_on"))),
        Fact(_("Giới tính"), sex(document.get("sex"))),
        Fact(_("Dân tộc"), neighbours.label("ethnic_groups", str(document.get("ethnic_group") or ""))),
        Fact(_("Tôn giáo"), neighbours.label("religions", str(document.get("religion") or ""))),
        Fact(_("Quốc tịch"), neighbours.label("countries", str(document.get("nationality") or ""))),
        Fact(_("Nơi đăng ký khai sinh"), _place(document.get("born_in"))),
        Fact(_("Quê quán"), document.get("native_place")),
        Fact(_("Cha"), _someone(document, "father")),
        Fact(_("Mẹ"), _someone(document, "mother")),
        Fact(_("Vợ hoặc chồng"), _someone(document, "spouse")),
    ]


def residence_facts(document: Mapping[str, Any]) -> list[Fact]:
    """List where the person lives and in whose household."""
    permanent, temporary, household = (document.get(key) or {} for key in ("permanent_residence", "temporary_residence", "household"))
    facts = [Fact(_("Thường trú"), _place(permanent), note=_since(permanent))]
    if temporary:
        facts.append(Fact(_("Tạm trú"), _place(temporary), note=_since(temporary)))
    if household:
        relation = neighbours.label("relationships", str(household.get("relation") or ""))
        facts.append(Fact(_("Chủ hộ"), _someone(household, "head"), note=_("bạn là: %(relation)s") % {"relation": relation.lower()}))
    return facts


def members(document: Mapping[str, Any], *, own_number: str) -> Sequence[Member]:
    """List the household's members, the head first, numbers masked."""
    rows = sorted(document.get("members", ()), key=lambda row: row.get("relation") != "head")
    return [
        Member(
            full_name=str(row.get("full_name") or ""),
            masked_number=formats.masked_number(row.get("personal_id")),
            born_on=formats.day(row.get("born_on")),
            sex=sex(row.get("sex")),
            relation=neighbours.label("relationships", str(row.get("relation") or "")),
            is_self=bool(own_number) and row.get("personal_id") == own_number,
        )
        for row in rows
    ]
