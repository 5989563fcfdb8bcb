"""Template context that joins modules: who is here, where this actor may go, how the page is shown."""

from collections.abc import Iterable, Mapping
from typing import Final

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from dean06.core.actor import ANONYMOUS, Actor
from dean06.ui.public import NavItem, display_of

DESK_ROLES: Final = frozenset({"one_stop_officer", "appraiser", "head"})
FOR_ALL: Final = (("portal:home", _("Trang chủ"), "home"), ("services:procedures", _("Dịch vụ"), "services"))
FOR_CITIZENS: Final = (
    ("portal:home", _("Trang chủ"), "home"),
    ("portal:me", _("Dữ liệu của tôi"), "data"),
    ("portal:dossiers", _("Hồ sơ"), "folder"),
    ("services:procedures", _("Dịch vụ"), "services"),
)
FOR_DESKS: Final = (("services:queue", _("Hồ sơ cần xử lý"), "work"),)
EXCHANGE_ROLES: Final = frozenset({"exchange_requester", "exchange_approver", "operator"})
FOR_EXCHANGE: Final = (("agreements:list", _("Thỏa thuận dữ liệu"), "doc"), ("membership:keys", _("Khóa và nhóm"), "key"))
BESIDE: Final[Mapping[str, tuple[str, ...]]] = {"membership:keys": ("membership:gateways", "membership:groups")}
"""Pages that belong to an entry of the navigation although they don't lie below its address."""
FOR_OPERATORS: Final = (("evidence:search", _("Bằng chứng trao đổi"), "shield"), ("operations:overview", _("Vận hành trao đổi"), "chart"))
FOR_LEADERS: Final = (("oversight:overview", _("Số liệu"), "chart"),)
FOR_DATA_PROTECTION: Final = (("portal:cases", _("Phản ánh về lần xem dữ liệu"), "help"),)
ACCOUNT: Final = (
    ("portal:me", _("Dữ liệu của tôi"), "data"),
    ("portal:looks", _("Ai đã xem dữ liệu của tôi"), "eye"),
    ("portal:documents", _("Giấy tờ của tôi"), "doc"),
    ("services:consents", _("Ý kiến cần trả lời"), "help"),
    ("identity:account", _("Tài khoản định danh"), "key"),
)
FOOTER: Final = (
    ("portal:about", _("Về trang này và quyền của bạn với dữ liệu")),
    ("portal:accessibility", _("Khả năng tiếp cận")),
    ("services:verify", _("Kiểm tra một kết quả")),
    ("developer:catalogue", _("Dành cho nhà phát triển")),
    ("operations:open-data", _("Dữ liệu mở")),
)


def address(name: str) -> str:
    """Return the path of a named page, or nothing if this installation runs without the module."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _items(entries: Iterable[tuple[str, object, str]], path: str) -> list[NavItem]:
    reachable = [(name, url, str(label), icon) for name, label, icon in entries if (url := address(name))]
    places = {place: url for name, url, _label, _icon in reachable for place in (url, *map(address, BESIDE.get(name, ()))) if place}
    nearest = max((place for place in places if _lies_in(path, place)), key=len, default="")
    current = places.get(nearest, "")
    return [NavItem(label, url, icon, is_current=url == current) for _name, url, label, icon in reachable]


def _lies_in(path: str, place: str) -> bool:
    return path == place or (place != "/" and path.startswith(f"{place.rstrip('/')}/"))


def entries_for(actor: Actor) -> tuple[tuple[str, object, str], ...]:
    """Return the main navigation of an actor: everyone's, a citizen's, then what the posts add."""
    if actor.is_anonymous:
        return FOR_ALL
    desk = FOR_DESKS if actor.roles & DESK_ROLES else ()
    lead = FOR_LEADERS if actor.has_role("leader") else ()
    share = FOR_EXCHANGE if actor.roles & EXCHANGE_ROLES else ()
    evidence = FOR_OPERATORS if actor.has_role("operator") else ()
    cases = FOR_DATA_PROTECTION if actor.has_role("data_protection_officer") else ()
    return (*FOR_CITIZENS, *desk, *lead, *share, *evidence, *cases)


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return what the layouts need; nothing here asks the database."""
    actor: Actor = getattr(request, "actor", ANONYMOUS)
    return {
        "actor": actor,
        "person_name": getattr(request, "person_name", ""),
        "post_title": getattr(request, "post_title", ""),
        "desk_name": getattr(request, "desk_name", ""),
        "display": display_of(request),
        "navigation": _items(entries_for(actor), request.path),
        "account_links": _items(ACCOUNT, ""),
        "footer_links": [NavItem(str(label), url) for name, label in FOOTER if (url := address(name))],
        "language_url": address("portal:language"),
        "display_url": address("portal:display"),
        "login_url": address("portal:login"),
        "logout_url": address("portal:logout"),
        "looks_url": address("portal:looks"),
    }
