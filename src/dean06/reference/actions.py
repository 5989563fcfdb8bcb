"""What an administrator may change: days of the calendar."""

from datetime import date

import structlog
from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.databases import database_of
from dean06.reference.calendar import overrides_changed
from dean06.reference.errors import BadOverride
from dean06.reference.models import CalendarOverride

log = structlog.get_logger(__name__)


@transaction.atomic(using=database_of("reference"), durable=True)
def set_calendar_override(*, day: date, is_working: bool, note: str, source: str, actor: Actor) -> None:
    """Say for one day whether people work; a second call replaces the first.

    Raises:
        BadOverride: note or source is empty or longer than 200 characters.
    """
    note, source = note.strip(), source.strip()
    longest = 200
    if not note or not source or max(len(note), len(source)) > longest:
        raise BadOverride(day=day)
    CalendarOverride.objects.update_or_create(day=day, defaults={"is_working": is_working, "note": note, "source": source})
    overrides_changed()
    log.info("reference.calendar_changed", day=day.isoformat(), is_working=is_working, source=source, actor=str(actor.account or ""))


@transaction.atomic(using=database_of("reference"), durable=True)
def remove_calendar_override(*, day: date, actor: Actor) -> bool:
    """Take a correction back; tell whether there was one."""
    removed, _ = CalendarOverride.objects.filter(day=day).delete()
    overrides_changed()
    log.info("reference.calendar_restored", day=day.isoformat(), removed=bool(removed), actor=str(actor.account or ""))
    return bool(removed)
