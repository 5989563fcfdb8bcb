"""What pages show of a dossier: its clock with the days that count, its five steps, the facts of the form."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from dean06.core.clock import today
from dean06.reference import public as reference
from dean06.services.cards import days_left
from dean06.services.domain.clock import LegalClock
from dean06.services.domain.codes import masked_number
from dean06.services.domain.lifecycle import STEP_OF, Progress
from dean06.services.domain.pack import Pack
from dean06.services.domain.states import CLOSED, PAUSED, Kind, State, Step
from dean06.services.models import Dossier, DossierEvent
from dean06.services.papers import full_place
from dean06.services.words import RELATIONS, SEXES, STEPS
from dean06.ui import public as ui

LONGEST_CALENDAR_DAYS: Final = 70


def clock_of(dossier: Dossier, progress: Progress, pack: Pack) -> ui.LegalClock | None:
    """Return the legal clock as the page draws it; nothing before reception and after the end."""
    clock = progress.clock
    if clock is None or dossier.state in CLOSED:
        return None
    on = today()
    due = clock.due_on(reference, today=on)
    return ui.LegalClock(
        due_on=due,
        days_left=clock.days_left(reference, today=on),
        is_paused=clock.open_pause is not None,
        days=_calendar(clock, due, on=on),
        reasons=_reasons(clock, pack, due),
    )


def promised(pack: Pack) -> ui.LegalClock:
    """Return the clock of a dossier that would be received today."""
    on = today()
    clock = LegalClock(on, pack.limit_days)
    due = clock.due_on(reference, today=on)
    return ui.LegalClock(due, pack.limit_days, days=_calendar(clock, due, on=on), reasons=_reasons(clock, pack, due))


def _calendar(clock: LegalClock, due: date, *, on: date) -> list[ui.ClockDay]:
    days = []
    number = 0
    last = min(due, clock.started_on + timedelta(days=LONGEST_CALENDAR_DAYS))
    for offset in range((last - clock.started_on).days + 1):
        day = clock.started_on + timedelta(days=offset)
        counts = clock.counts(day, reference)
        number += counts
        kinds = ["start"] if offset == 0 else [] if counts else ["off"]
        kinds += ["past"] if counts and day < on else []
        kinds += ["today"] if day == on else []
        kinds += ["due"] if day == due else []
        days.append(ui.ClockDay(day, _cell_text(clock, day, number if counts else 0, is_first=offset == 0), tuple(kinds)))
    return days


def _cell_text(clock: LegalClock, day: date, number: int, *, is_first: bool) -> str:
    if is_first:
        return _("nhận")
    if number:
        return _("ngày %(number)s") % {"number": number}
    if any(pause.holds_on(day) for pause in clock.pauses):
        return _("dừng")
    return _("nghỉ lễ") if reference.day_note(day) else _("nghỉ")


def _reasons(clock: LegalClock, pack: Pack, due: date) -> list[tuple[str, str]]:
    notes = [(f"{day:%d/%m}", reference.day_note(day)) for day in _days(clock.started_on, due) if reference.day_note(day)]
    pauses = [(_span(pause.start, pause.end), _("Tạm dừng: %(reason)s") % {"reason": pause.reason}) for pause in clock.pauses]
    return [
        (
            _("%(days)s ngày") % {"days": pack.limit_days},
            _("làm việc, theo %(source)s. Không tính ngày nhận, thứ Bảy, Chủ nhật, ngày lễ.") % {"source": pack.limit_source.title},
        ),
        *notes,
        *(
            pauses
            or [
                (
                    _("0 ngày"),
                    _("tạm dừng. Đồng hồ chỉ dừng khi bạn được mời bổ sung giấy tờ hoặc nộp lệ phí, và luôn ghi lý do ở đây."),
                )
            ]
        ),
    ]


def _span(start: date, end: date | None) -> str:
    return f"{start:%d/%m} – {end:%d/%m}" if end else _("từ %(day)s") % {"day": f"{start:%d/%m}"}


def _days(after: date, until: date) -> list[date]:
    return [after + timedelta(days=number) for number in range(1, min((until - after).days, LONGEST_CALENDAR_DAYS) + 1)]


def steps_of(dossier: Dossier, pack: Pack, events: Sequence[DossierEvent]) -> list[ui.Step]:
    """Return the five steps with who signed them when."""
    taken = {STEP_OF[Kind(event.kind)]: event for event in events if event.kind in STEP_OF}
    steps = []
    for rule in pack.steps:
        event = taken.get(rule.step)
        now_here = rule.step == dossier.step and dossier.state not in CLOSED
        steps.append(
            ui.Step(
                name=str(STEPS[rule.step]),
                state="done" if event else "now" if now_here else "wait",
                at=event.at if event else None,
                text=str(event.data.get("text", "")) if event else _waiting(dossier, rule.step) if now_here else _(rule.does),
                signed_by=event.by.get("name", "") if event else "",
                signature_url=reverse("services:signatures", args=[dossier.code]) if event else "",
            )
        )
    return steps


def _waiting(dossier: Dossier, step: Step) -> str:
    if step is Step.RETURN and not dossier.registry:
        return _("Chờ Cơ sở dữ liệu quốc gia về dân cư xác nhận cập nhật.")
    if dossier.held_by_name:
        return _("%(name)s đang giải quyết.") % {"name": dossier.held_by_name}
    return _("Chờ cán bộ nhận việc.")


def form_facts(pack: Pack, answers: Mapping[str, Any]) -> list[ui.Fact]:
    """Return the form's lines with the register that each was taken from."""
    case = next((row.title for row in pack.cases if row.id == answers.get("case")), "")
    relative = answers.get("relative") or {}
    rows: list[tuple[str, str, object, bool]] = [
        ("full_name", _("Họ, chữ đệm và tên"), answers.get("full_name"), False),
        ("personal_id", _("Số định danh cá nhân"), masked_number(str(answers.get("personal_id", ""))), True),
        ("born_on", _("Ngày, tháng, năm sinh"), ui.formats.day(answers.get("born_on")), False),
        ("sex", _("Giới tính"), SEXES.get(str(answers.get("sex")), ""), False),
        ("present_place", _("Nơi thường trú hiện nay"), full_place(answers.get("present_place") or {}), False),
        ("case", _("Trường hợp đăng ký"), case, False),
        ("relative", _("Về ở cùng"), _person_and_relation(relative), False),
        ("householder_name", _("Chủ hộ nơi đến"), answers.get("householder_name"), False),
        ("relation_to_householder", _("Quan hệ với chủ hộ"), relationship(str(answers.get("relation_to_householder", ""))), False),
        ("new_place", _("Nơi thường trú mới"), full_place(answers.get("new_place") or {}), False),
        ("phone", _("Số điện thoại liên hệ"), answers.get("phone"), True),
        ("email", _("Thư điện tử"), answers.get("email"), False),
        ("note", _("Điều cán bộ cần biết thêm"), answers.get("note"), False),
    ]
    return [
        ui.Fact(label, value, source=pack.source_of(name), is_number=is_number)
        for name, label, value, is_number in rows
        if value or name not in {"relative", "note", "email", "phone"}
    ]


def person_facts(pack: Pack, person: Mapping[str, Any]) -> list[ui.Fact]:
    """Return what the registry knows of the applicant, each with its source."""
    place = person.get("permanent_residence") or {}
    holder = pack.source_of("full_name")
    return [
        ui.Fact(_("Họ, chữ đệm và tên"), person.get("full_name"), source=holder),
        ui.Fact(_("Số định danh cá nhân"), masked_number(str(person.get("personal_id") or "")), source=holder, is_number=True),
        ui.Fact(_("Ngày, tháng, năm sinh"), ui.formats.day(person.get("born_on")), source=holder),
        ui.Fact(_("Giới tính"), SEXES.get(str(person.get("sex")), ""), source=holder),
        ui.Fact(_("Nơi thường trú hiện nay"), full_place(place), source=holder),
    ]


def household_facts(pack: Pack, facts: Mapping[str, Any]) -> list[ui.Fact]:
    """Return what the registry knows of the household that she joins."""
    household = facts.get("household") or {}
    holder = pack.source_of("householder_name")
    return [
        ui.Fact(_("Người thân"), _person_and_relation(facts.get("relative") or {}), source=holder),
        ui.Fact(_("Chủ hộ nơi đến"), (household.get("head") or {}).get("full_name"), source=holder),
        ui.Fact(_("Quan hệ với chủ hộ"), relationship(str(facts.get("relation_to_head", ""))), source=holder),
        ui.Fact(_("Chỗ ở của hộ"), full_place(household), source=holder),
    ]


def relationship(code: str) -> str:
    """Return the word for a place in the household."""
    return next((entry.name for entry in reference.code_list("relationships").entries if entry.code == code), code)


def _person_and_relation(relative: Mapping[str, Any]) -> str:
    if not relative:
        return ""
    name = relative.get("full_name") or masked_number(str(relative.get("personal_id")))
    return f"{name} ({RELATIONS.get(str(relative.get('relation')), '')})"


def left(dossier: Dossier) -> int | None:
    """Return the working days left, while the clock runs."""
    runs = dossier.state not in CLOSED and dossier.state != State.DONE and dossier.state not in PAUSED
    return days_left(dossier.due_on, on=today()) if runs else None
