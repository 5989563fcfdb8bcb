"""How ``dean06 ledger retention`` says how a log stands against its periods."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dean06.ledger.public import LogRetention, Period


def row_of(one: "LogRetention") -> dict[str, Any]:
    """Return a log's standing as JSON."""
    return {
        "database": one.using,
        "log": one.log,
        "entries": one.entries,
        "first_day": one.first_day.isoformat() if one.first_day else None,
        "kept": [_period(period) for period in one.kept],
        "ends": [_period(period) for period in one.ends],
        "deciding": one.deciding.key if one.deciding else None,
        "kept_from": one.kept_from.isoformat() if one.kept_from else None,
        "over": one.over,
        "archived": one.archived.last if one.archived else None,
        "archive_fault": one.archived.fault if one.archived else "",
        "cosigned": one.cosigned,
        "could_go": one.could_go,
    }


def lines_of(one: "LogRetention") -> Iterator[str]:
    """Say the same to a person."""
    yield f"{one.log}: {one.entries} lượt ghi" + (f", từ ngày {one.first_day}" if one.first_day else "")
    for period in one.kept:
        yield f"    giữ ít nhất {period.months} tháng: {_named(period)}"
    for period in one.ends:
        yield f"    được kết thúc sau {period.months} tháng: {_named(period)}"
    if one.deciding is None:
        yield "    giữ toàn bộ: không thời hạn nào cho phép kết thúc"
        return
    yield f"    giữ lại từ ngày {one.kept_from} ({one.deciding.key}); quá hạn: {_up_to(one.over)}"
    if one.archived is None:
        yield "    chưa nêu thư mục lưu trữ: không lượt ghi nào được coi là đã lưu trữ"
    else:
        yield f"    đã lưu trữ và đọc lại: {_up_to(one.archived.last)}" + (f"  ✗ {one.archived.fault}" if one.archived.fault else "")
    yield f"    nhân chứng đã ký: {_up_to(one.cosigned)}; có thể xóa: {_up_to(one.could_go)}"


def _named(period: "Period") -> str:
    source = f"{period.source}, {period.article}" if period.article else period.source
    return f"{period.title}; {source} [{period.certainty}]"


def _up_to(number: int) -> str:
    return f"1-{number}" if number else "không có"


def _period(period: "Period") -> dict[str, Any]:
    return {
        "key": period.key,
        "title": period.title,
        "months": period.months,
        "source": period.source,
        "article": period.article,
        "certainty": period.certainty,
        "level": period.level or None,
        "valid_from": period.valid_from.isoformat() if period.valid_from else None,
        "valid_until": period.valid_until.isoformat() if period.valid_until else None,
    }
