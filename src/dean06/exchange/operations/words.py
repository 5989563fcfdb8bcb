"""What figures and anomalies are called by people."""

from functools import cache

from django.utils.translation import gettext as _

from dean06.core.errors import Dean06Error
from dean06.exchange import snapshot
from dean06.exchange.domain.metering import UNKNOWN
from dean06.exchange.operations.domain.anomalies import Anomaly
from dean06.ui.public import formats

SHOWN_OF_KEY = 8


def member_of(identifier: str) -> str:
    """Return the member that a client or service identifier belongs to, or ``unknown``."""
    return "/".join(identifier.split("/")[:3])


def member_name(member: str) -> str:
    """Return a member's name, or its identifier if it is registered no more."""
    if member == UNKNOWN:
        return _("Chưa xác định được bên hỏi")
    entry = snapshot.current().members.get(member)
    return entry.name if entry else member


def service_titles() -> dict[str, str]:
    """Return the title of each registered service."""
    return {str(identifier): entry.title for identifier, entry in snapshot.current().services.items()}


def service_title(service: str, titles: dict[str, str]) -> str:
    """Return a service's title, or its identifier if it is registered no more."""
    return _("Chưa xác định được dịch vụ") if service == UNKNOWN else titles.get(service, service)


def meaning(code: str) -> str:
    """Return what a refusal's code means; nothing for a code of somebody else."""
    message = _messages().get(code)
    return _(message) if message else ""


@cache
def _messages() -> dict[str, str]:
    found: dict[str, str] = {}
    open_classes = [Dean06Error]
    while open_classes:
        one = open_classes.pop()
        found.setdefault(one.code, one.message_vi)
        open_classes += one.__subclasses__()
    return found


def sentence(one: Anomaly) -> str:
    """Say in one sentence with its figures why something stands out."""
    figures = {"client": one.client, "calls": formats.number(one.calls), "usual": formats.number(one.usual)}
    if one.kind == "browsing":
        return _(
            "Một người dùng của %(client)s (mã ẩn %(user)s) đã hỏi %(calls)s lần không kèm mã hồ sơ trong 24 giờ qua;"
            " ngưỡng là %(usual)s lần."
        ) % {**figures, "user": one.user_key[:SHOWN_OF_KEY]}
    if one.kind == "volume":
        return _("%(client)s đã hỏi %(calls)s lần trong 24 giờ qua; ngày thường của chính hệ thống này là %(usual)s lần.") % figures
    return _("%(client)s bị từ chối %(calls)s trong %(usual)s lần hỏi trong 24 giờ qua.") % figures
