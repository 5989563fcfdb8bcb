"""What other modules may use of reference."""

from dean06.reference.actions import remove_calendar_override, set_calendar_override
from dean06.reference.calendar import add_working_days, day_note, is_working_day, work_calendar, working_days_between
from dean06.reference.domain.units import OLDEST_DAY, TWO_TIERS_SINCE, Successor, Unit
from dean06.reference.lists import LISTS, Agency, CodeList, Entry, agencies, agency, code_list
from dean06.reference.tables import Origin
from dean06.reference.tables import origins as sources
from dean06.reference.units import history, province_of, search_units, successors, unit, units

__all__ = [
    "LISTS",
    "OLDEST_DAY",
    "TWO_TIERS_SINCE",
    "Agency",
    "CodeList",
    "Entry",
    "Origin",
    "Successor",
    "Unit",
    "add_working_days",
    "agencies",
    "agency",
    "code_list",
    "day_note",
    "history",
    "is_working_day",
    "province_of",
    "remove_calendar_override",
    "search_units",
    "set_calendar_override",
    "sources",
    "successors",
    "unit",
    "units",
    "work_calendar",
    "working_days_between",
]
