"""Code lists and agencies, each with its source, version and licence."""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Final

import pycountry

from dean06.core import clock
from dean06.core.vietnamese import sort_key
from dean06.reference import units
from dean06.reference.errors import AgencyUnknown, CodeListUnknown
from dean06.reference.tables import Origin, package_origin, table

LISTS: Final = ("ethnic_groups", "religions", "countries", "relationships", "id_prefixes", "sexes", "marital_states")


@dataclass(frozen=True, slots=True)
class Entry:
    """One code with its Vietnamese name; other columns of the source stand in ``more``."""

    code: str
    name: str
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodeList:
    """A list as a user may see it: with where it comes from and how sure it is."""

    name: str
    title_vi: str
    source: str
    version: str
    licence: str
    certainty: str
    entries: tuple[Entry, ...]

    def name_of(self, code: str) -> str:
        """Return the name behind a code, or the code itself where the list does not know it."""
        return next((entry.name for entry in self.entries if entry.code == code), code)


def _of(name: str, origin: Origin, entries: tuple[Entry, ...]) -> CodeList:
    return CodeList(name, origin.title, origin.source, origin.version, origin.licence, origin.certainty, entries)


def _countries() -> CodeList:
    names = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=["vi"])

    def vietnamese(name: str, common_name: str) -> str:
        short = names.gettext(common_name)
        return short if short != common_name else names.gettext(name)

    entries = []
    for one in pycountry.countries:
        name = vietnamese(one.name, getattr(one, "common_name", one.name))
        entries.append(Entry(one.alpha_3, name, {"alpha_2": one.alpha_2, "numeric": one.numeric, "name_en": one.name}))
    return _of("countries", package_origin("pycountry"), tuple(sorted(entries, key=lambda entry: sort_key(entry.name))))


@cache
def code_list(name: str) -> CodeList:
    """Return a code list by name; see ``LISTS``.

    Raises:
        CodeListUnknown: there is none of this name.
    """
    if name not in LISTS:
        raise CodeListUnknown(name=name)
    if name == "countries":
        return _countries()
    found = table(name)
    rows = ({**row} for row in found.rows)
    return _of(name, found.origin, tuple(Entry(row.pop("code"), row.pop("name"), row) for row in rows))


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency with an identification code of the first level (mã định danh điện tử).

    Attributes:
        kind: ``central`` or ``province`` (people's committee).
        area_code: province whose committee it is, in the codes of its time; empty for central agencies.
        valid_from: first day, ``None`` if the source doesn't say.
        valid_to: first day on which it no longer holds, ``None`` while it does.
        certainty: mark of domain.md for this row.
    """

    code: str
    name: str
    kind: str
    area_code: str
    valid_from: date | None
    valid_to: date | None
    certainty: str
    note: str

    @property
    def full_code(self) -> str:
        """The code in the order of QCVN 102:2016: "000.00.00.H49"."""
        return f"000.00.00.{self.code}"

    def holds_on(self, day: date) -> bool:
        """Tell whether the code named this agency on the day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _agency(row: Mapping[str, str], day: date) -> Agency:
    name = row["name"]
    if not name:
        area = units.unit(row["area_code"], on=day)
        name = f"Ủy ban nhân dân {area.kind} {area.name}"
    return Agency(
        row["code"], name, row["kind"], row["area_code"], _day(row["valid_from"]), _day(row["valid_to"]), row["certainty"], row["note"]
    )


def agencies(*, on: date | None = None) -> tuple[Agency, ...]:
    """Return the agencies of a day (today if none is given) in the order of their codes."""
    day = on or clock.today()
    rows = (row for row in table("agencies").rows if (row["valid_from"] or "0") <= day.isoformat() < (row["valid_to"] or "9"))
    return tuple(_agency(row, day) for row in rows)


def agency(code: str, *, on: date | None = None) -> Agency:
    """Return the agency that has this code on a day; ``000.00.00.H49`` and ``H49`` mean the same.

    Raises:
        AgencyUnknown: no agency has the code then.
    """
    short = code.removeprefix("000.00.00.")
    for one in agencies(on=on):
        if one.code == short:
            return one
    raise AgencyUnknown(agency=code)
