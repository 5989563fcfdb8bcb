"""Forms of members' keys and groups."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dean06.exchange.agreements.forms import ReasonForm


class KeyRequestForm(forms.Form):
    """A member's request for a key (PKCS#10) as it came."""

    member = forms.ChoiceField(label=_("Thành viên"), error_messages={"required": _("Chọn thành viên")})
    request = forms.CharField(
        label=_("Yêu cầu cấp chứng thư (PKCS#10, PEM)"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        error_messages={"required": _("Dán nội dung tệp yêu cầu")},
    )

    def __init__(self, *args: Any, members: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].choices = [("", _("Chọn…")), *members]  # type: ignore[attr-defined]  # a ChoiceField


class GroupChangeForm(ReasonForm):
    """A client that is to join or leave, and why."""

    client = forms.ChoiceField(label=_("Hệ thống"), error_messages={"required": _("Chọn hệ thống")})
    field_order = ("client", "reason")

    def __init__(self, *args: Any, clients: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].choices = [("", _("Chọn…")), *clients]  # type: ignore[attr-defined]  # a ChoiceField
