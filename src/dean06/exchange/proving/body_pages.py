"""The page of one entry's kept bodies: how they stand, and what they say to whoever may open them and says why."""

from typing import Final
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dean06.exchange.bodies.keeping import KEPT, PARTS, TOO_LARGE
from dean06.exchange.operators import operator_of
from dean06.exchange.proving.opening import SHORTEST_PURPOSE, OpenedPart, Standing, entry_of, may_open, open_bodies, standings

LONGEST_SHOWN_BYTES: Final = 256 * 1024
"""A longer one is not shown on the page, only handed out as a file."""
NAMES: Final = {"request": gettext_lazy("Câu hỏi"), "answer": gettext_lazy("Câu trả lời")}
STATES: Final = {
    KEPT: (gettext_lazy("Có lưu"), "ok"),
    TOO_LARGE: (gettext_lazy("Không lưu: quá lớn"), "warn"),
    "shredded": (gettext_lazy("Đã hủy"), ""),
    "missing": (gettext_lazy("Không tìm thấy bản lưu"), "stop"),
    "empty": (gettext_lazy("Không có nội dung"), ""),
}
TOO_SHORT: Final = gettext_lazy("Nêu mục đích, ít nhất 10 ký tự")


class OpenForm(forms.Form):
    """Why a body is opened."""

    purpose = forms.CharField(
        label=gettext_lazy("Mục đích mở nội dung"),
        min_length=SHORTEST_PURPOSE,
        max_length=300,
        help_text=gettext_lazy("Người có dữ liệu đọc được mục đích này trong nhật ký truy cập của mình. Không nêu tên hay số định danh."),
        error_messages={"required": TOO_SHORT, "min_length": TOO_SHORT},
    )
    dossier = forms.CharField(label=gettext_lazy("Mã hồ sơ hoặc vụ việc, nếu có"), max_length=100, required=False)


@never_cache
@require_http_methods(["GET", "POST"])
def bodies(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Show how the bodies of an entry stand; open them for a stated purpose, on the page or one as a file."""
    actor = operator_of(request)
    row = entry_of(entry_id)
    standing = standings([row]).get(entry_id)
    form = OpenForm(request.POST if request.method == "POST" else None)
    opened: list[OpenedPart] = []
    if form.is_valid():
        opened = open_bodies(entry_id, **form.cleaned_data, actor=actor)
        if (wanted := request.POST.get("file")) in PARTS and (found := [one for one in opened if one.name == wanted]):
            return _file(found[0])
    context = {
        "row": row,
        "standing": standing,
        "parts": [(NAMES[name], *_state(name, standing)) for name in PARTS] if standing else [],
        "form": form,
        "may_open": may_open(actor),
        "opened": [{"part": one, "name": NAMES[one.name], "text": _shown(one)} for one in opened],
    }
    return render(request, "exchange/bodies.html", context, status=422 if form.errors else 200)


def _state(name: str, standing: Standing) -> tuple[object, str]:
    state = standing.parts.get(name, "empty")
    return STATES[standing.state if state == KEPT else state]


def _shown(one: OpenedPart) -> str | None:
    return one.text if len(one.body) <= LONGEST_SHOWN_BYTES else None


def _file(one: OpenedPart) -> HttpResponse:
    response = HttpResponse(one.body, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{one.name}.bin"'
    return response
