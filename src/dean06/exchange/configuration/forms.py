"""Forms of members' keys, gateways and groups."""

import re
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dean06.exchange.agreements.forms import ReasonForm
from dean06.exchange.configuration import gateways
from dean06.exchange.errors import GatewayCertificateUnusable

FEWEST_DIGITS: Final = 16
"""64 bits: nobody makes a second certificate that begins alike while the member is on the telephone."""


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


class GatewayCertificateForm(forms.Form):
    """The certificate that a member's gateway shows, and the beginning of its fingerprint as the member gave it by another way."""

    member = forms.ChoiceField(label=_("Thành viên"), error_messages={"required": _("Chọn thành viên")})
    certificate = forms.CharField(
        label=_("Chứng thư số của cổng (PEM)"),
        max_length=gateways.LARGEST_BYTES,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        error_messages={"required": _("Dán nội dung tệp chứng thư số")},
    )
    fingerprint = forms.CharField(
        label=_("Dấu vân SHA-256 mà thành viên cho biết qua kênh khác"),
        max_length=120,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": _("Nhập dấu vân mà thành viên cho biết")},
    )
    is_further = forms.BooleanField(label=_("Đây là cổng thêm của thành viên; các chứng thư khác giữ nguyên"), required=False)

    def __init__(self, *args: Any, members: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].choices = [("", _("Chọn…")), *members]  # type: ignore[attr-defined]  # a ChoiceField

    def clean_fingerprint(self) -> str:
        """Return the digits without what people put between them."""
        digits = re.sub(r"[\s:.-]", "", self.cleaned_data["fingerprint"]).lower()
        if len(digits) < FEWEST_DIGITS or not re.fullmatch(r"[0-9a-f]+", digits):
            raise forms.ValidationError(_("Nhập ít nhất 16 chữ số đầu của dấu vân (0–9, a–f)"))
        return digits

    def clean(self) -> dict[str, Any]:
        """Compare what the member said with what was pasted."""
        data = super().clean() or self.cleaned_data
        if "certificate" in data and "fingerprint" in data:
            try:
                is_it = gateways.fingerprint_of(data["certificate"].encode()).startswith(data["fingerprint"])
            except GatewayCertificateUnusable as refused:
                self.add_error("certificate", str(gettext(refused.message_vi)))
            else:
                if not is_it:
                    self.add_error("fingerprint", _("Dấu vân không khớp với chứng thư số này; đừng ghi nhận, hãy hỏi lại thành viên"))
        return data


class GroupChangeForm(ReasonForm):
    """A client that is to join or leave, and why."""

    client = forms.ChoiceField(label=_("Hệ thống"), error_messages={"required": _("Chọn hệ thống")})
    field_order = ("client", "reason")

    def __init__(self, *args: Any, clients: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].choices = [("", _("Chọn…")), *clients]  # type: ignore[attr-defined]  # a ChoiceField
