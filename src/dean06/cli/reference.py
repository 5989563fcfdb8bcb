"""``dean06 reference``: units, code lists and the calendar at the terminal."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import click

from dean06.cli.console import refusals_shown
from dean06.cli.django_setup import with_database, with_django
from dean06.cli.listing import json_option, print_json

WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


class Day(click.ParamType[date]):
    """A day as 2024-01-31 or 31/01/2024."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        for form in ("%Y-%m-%d", "%d/%m/%Y"):
            try:
                return datetime.strptime(str(value), form).date()  # noqa: DTZ007 -- a calendar day has no time zone
            except ValueError:
                continue
        return self.fail(f"{value!r} is no day; write 2024-01-31 or 31/01/2024", param, ctx)


DAY = Day()


@click.group()
def reference() -> None:
    """Administrative units, code lists, agencies, calendar: what is in force on a day."""


@reference.command()
@click.argument("code")
@click.option("--on", type=DAY, help="Day asked about; today if none is given.")
@json_option
@refusals_shown
@with_django
def unit(*, code: str, on: date | None, as_json: bool) -> None:
    """Show the unit that a code means on a day, and what became of it. Exit code 3: nobody has the code then.

    Example: dean06 reference unit 00004 --on 2024-01-01
    """
    from dean06.reference import public

    found = public.unit(code, on=on)
    went_to = [] if found.valid_to is None else [(one, public.unit(one.code)) for one in public.successors(code)]
    if as_json:
        print_json({**asdict(found), "full_name": found.full_name, "successors": [asdict(one) for one, _ in went_to]})
        return
    click.echo(f"{found.code}  {found.path_name}")
    since = "" if found.valid_from == public.OLDEST_DAY else f"từ {found.valid_from:%d/%m/%Y}, "
    click.echo(f"  {since}" + (f"đến trước {found.valid_to:%d/%m/%Y}" if found.valid_to else "đang có hiệu lực"))
    for one, name in went_to:
        share = "toàn bộ" if one.is_whole else "một phần, mặc định" if one.is_default else "một phần"
        click.echo(f"  → {one.code}  {name.path_name} ({share})")
    if found.legal_note:
        click.echo(f"  {found.legal_note}")


@reference.command()
@click.argument("text")
@click.option("--level", type=click.Choice(["province", "district", "commune"]), default="commune", show_default=True)
@click.option("--on", type=DAY, help="Day asked about; today if none is given.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@json_option
@refusals_shown
@with_django
def search(*, text: str, level: Any, on: date | None, limit: int, as_json: bool) -> None:
    """Find units by words of present or old names, with or without diacritics. Exit code 3: none found.

    Example: dean06 reference search "hong gai"
    """
    from dean06.reference.public import search_units

    found = search_units(text, level=level, on=on, limit=limit)
    if as_json:
        print_json([{**asdict(one), "full_name": one.full_name} for one in found])
    for one in () if as_json else found:
        click.echo(f"{one.code}  {one.path_name}")
    if not found:
        click.echo("Không tìm thấy đơn vị nào.", err=True)
        raise SystemExit(3)


@reference.command()
@json_option
@with_django
def sources(*, as_json: bool) -> None:
    """Show where every list comes from: source, version, licence, certainty.

    Example: dean06 reference sources --json
    """
    from dean06.reference import public

    if as_json:
        print_json([asdict(one) for one in public.sources()])
        return
    for one in public.sources():
        click.echo(click.style(one.name, bold=True) + f"  {one.title}")
        click.echo(f"  nguồn: {one.source}\n  phiên bản: {one.version} · giấy phép: {one.licence} · độ chắc chắn: {one.certainty}")


@reference.command(name="list")
@click.argument("name")
@json_option
@refusals_shown
@with_django
def code_list(*, name: str, as_json: bool) -> None:
    """Show one code list with its source.

    Example: dean06 reference list religions
    """
    from dean06.reference import public

    found = public.code_list(name)
    if as_json:
        print_json(asdict(found))
        return
    click.echo(f"{found.title_vi}\n  nguồn: {found.source} ({found.version}; {found.licence}; {found.certainty})")
    for entry in found.entries:
        click.echo(f"{entry.code}\t{entry.name}")


@reference.command()
@click.argument("year", type=click.IntRange(2000, 2100))
@click.option("--without-database", is_flag=True, help="Package and defaults only; corrections in the database are left out.")
@json_option
@with_django
def calendar(*, year: int, without_database: bool, as_json: bool) -> None:
    """Show a year's holidays and swapped days and how many days are worked.

    Example: dean06 reference calendar 2026
    """
    from django.db import DatabaseError
    from psycopg_pool import PoolTimeout

    from dean06.reference.public import work_calendar

    try:
        days = work_calendar(with_overrides=not without_database)
    except (DatabaseError, PoolTimeout) as error:
        click.echo("Không kết nối được cơ sở dữ liệu. Chạy dean06 up, hoặc thêm --without-database.", err=True)
        raise SystemExit(5) from error
    every = [date(year, 1, 1) + timedelta(days=number) for number in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    special = [(day, days.is_working_day(day), days.note(day)) for day in every if days.note(day)]
    worked = sum(days.is_working_day(day) for day in every)
    if as_json:
        print_json(
            {
                "year": year,
                "working_days": worked,
                "days": [{"day": day, "is_working": works, "note": note} for day, works, note in special],
            }
        )
        return
    for day, works, note in special:
        click.echo(f"{day:%d/%m/%Y}  {WEEKDAYS[day.weekday()]:<9} {'làm việc' if works else 'nghỉ    '}  {note}")
    click.echo(f"Năm {year}: {worked} ngày làm việc.")


@reference.command(name="set-day")
@click.argument("day", type=DAY)
@click.option("--working/--off", "is_working", required=True, help="Whether people work on that day.")
@click.option("--note", required=True, help="What people read: why.")
@click.option("--source", required=True, help="Decision or notice, with number and day.")
@refusals_shown
@with_database
def set_day(*, day: date, is_working: bool, note: str, source: str) -> None:
    """Correct one day of the calendar; every process follows within half a minute.

    Example: dean06 reference set-day 2026-09-09 --off --note "Nghỉ tránh bão" --source "Công điện 12, 08/09/2026"
    """
    from dean06.core.actor import SYSTEM
    from dean06.reference.public import set_calendar_override

    set_calendar_override(day=day, is_working=is_working, note=note, source=source, actor=SYSTEM)
    click.echo(f"{day:%d/%m/%Y}: {'làm việc' if is_working else 'nghỉ'} ({note})")


@reference.command(name="reset-day")
@click.argument("day", type=DAY)
@with_database
def reset_day(*, day: date) -> None:
    """Take a correction back. Exit code 3: there was none.

    Example: dean06 reference reset-day 2026-09-09
    """
    from dean06.core.actor import SYSTEM
    from dean06.reference.public import remove_calendar_override

    if not remove_calendar_override(day=day, actor=SYSTEM):
        click.echo("Ngày này không có điều chỉnh.", err=True)
        raise SystemExit(3)
