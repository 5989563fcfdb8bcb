"""What people type, as Django forms; each field says what to do when it is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from dean06.services.domain.codes import masked_number
from dean06.services.domain.pack import Case, Evidence, Pack
from dean06.services.residence import OTHER, relatives_of
from dean06.services.words import RELATIVES

TWELVE_DIGITS: Final = r"^\s*[0-9]{3}\s?[0-9]{3}\s?[0-9]{3}\s?[0-9]{3}\s*$"


class CaseForm(forms.Form):
    """How she qualifies, and with whom she moves in."""

    case = forms.ChoiceField(
        label=_("Bạn ở chỗ mới theo cách nào?"), widget=forms.RadioSelect, error_messages={"required": _("Chọn một trường hợp")}
    )
    relative = forms.ChoiceField(label=_("Bạn về ở cùng ai?"), widget=forms.RadioSelect, required=False)
    relative_number = forms.RegexField(
        TWELVE_DIGITS,
        label=_("Số định danh của người thân khác"),
        required=False,
        max_length=20,
        help_text=_("Chỉ nhập khi chọn “Người thân khác”. 12 chữ số."),
        error_messages={"invalid": _("Nhập đủ 12 chữ số của số định danh")},
    )

    def __init__(self, *args: Any, pack: Pack, person: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pack = pack
        case, relative = self.fields["case"], self.fields["relative"]
        case.choices = [(row.id, row.title) for row in pack.cases]  # type: ignore[attr-defined]  # a ChoiceField
        case.hints = {row.id: row.hint for row in pack.cases}  # type: ignore[attr-defined]  # read by the tag `field`
        known = relatives_of(person)
        relative.choices = [  # type: ignore[attr-defined]  # a ChoiceField
            *((kind, f"{RELATIVES[kind]}: {row['full_name']}") for kind, row in known),
            (OTHER, _("Người thân khác")),
        ]
        relative.hints = {  # type: ignore[attr-defined]  # read by the tag `field`
            **{kind: masked_number(str(row["personal_id"])) for kind, row in known},
            OTHER: _("Vợ, chồng, cha, mẹ hoặc con; nhập số định danh ở ô dưới"),
        }

    def clean(self) -> dict[str, Any]:
        """Ask for the relative only where the case joins a household."""
        values = super().clean() or {}
        chosen = next((row for row in self.pack.cases if row.id == values.get("case")), None)
        if chosen and chosen.joins_household:
            if not values.get("relative"):
                self.add_error("relative", _("Chọn người thân bạn về ở cùng"))
            elif values["relative"] == OTHER and not values.get("relative_number") and "relative_number" not in self.errors:
                self.add_error("relative_number", _("Nhập đủ 12 chữ số của số định danh"))
        return values


class PlaceForm(forms.Form):
    """Where she moves to, and how she can be reached."""

    unit_code = forms.ChoiceField(
        label=_("Phường, xã, đặc khu nơi đến"), error_messages={"required": _("Chọn phường, xã, đặc khu nơi đến")}
    )
    address = forms.CharField(
        label=_("Số nhà, tên đường; hoặc tổ, khu"),
        min_length=3,
        max_length=200,
        help_text=_("Ví dụ: số 17, tổ 5, khu 4"),
        error_messages={
            "required": _("Nhập số nhà, tên đường hoặc tổ, khu"),
            "min_length": _("Nhập số nhà, tên đường hoặc tổ, khu"),
            "max_length": _("Viết ngắn hơn 200 ký tự"),
        },
    )
    owner = forms.ChoiceField(
        label=_("Ai là chủ sở hữu chỗ ở?"),
        widget=forms.RadioSelect,
        choices=[("householder", _("Chủ hộ cũng là chủ sở hữu")), ("other", _("Người khác"))],
        error_messages={"required": _("Chọn chủ sở hữu chỗ ở")},
    )
    owner_number = forms.RegexField(
        TWELVE_DIGITS,
        label=_("Số định danh của chủ sở hữu"),
        required=False,
        max_length=20,
        help_text=_("Chỉ nhập khi chủ sở hữu là người khác. 12 chữ số."),
        error_messages={"invalid": _("Nhập đủ 12 chữ số của số định danh")},
    )
    phone = forms.RegexField(
        r"^0[0-9 .]{9,13}$",
        label=_("Số điện thoại liên hệ"),
        required=False,
        max_length=14,
        error_messages={"invalid": _("Nhập số điện thoại gồm 10 chữ số, bắt đầu bằng 0")},
    )
    email = forms.EmailField(
        label=_("Thư điện tử"),
        required=False,
        max_length=120,
        error_messages={"invalid": _("Nhập thư điện tử có dạng ten@noi.vn")},
    )
    note = forms.CharField(label=_("Điều cán bộ cần biết thêm"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(
        self, *args: Any, case: Case, communes: Sequence[tuple[str, str]], evidence: Sequence[Evidence], attached: set[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit_code"].choices = communes  # type: ignore[attr-defined]  # a ChoiceField
        if not case.joins_household:
            del self.fields["owner"], self.fields["owner_number"]
        for item in evidence:
            self.fields[f"file_{item.id}"] = forms.FileField(
                label=item.title,
                required=item.id not in attached,
                help_text=item.reason,
                error_messages={
                    "required": _("Tải lên giấy tờ này: PDF, JPEG hoặc PNG, đến 5 MB"),
                    "empty": _("Tệp không có nội dung. Hãy chọn tệp khác."),
                },
            )

    def clean(self) -> dict[str, Any]:
        """Ask for the owner's number only where the owner is another person."""
        values = super().clean() or {}
        if values.get("owner") == "other" and not values.get("owner_number") and "owner_number" not in self.errors:
            self.add_error("owner_number", _("Nhập đủ 12 chữ số của số định danh"))
        return values


class ReasonForm(forms.Form):
    """A reason that will be read."""

    text = forms.CharField(
        label=_("Lý do"),
        min_length=10,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Nhập lý do, ít nhất 10 ký tự"), "min_length": _("Nhập lý do, ít nhất 10 ký tự")},
    )


class SupplementForm(forms.Form):
    """The answer to a request for a supplement."""

    text = forms.CharField(label=_("Trả lời cán bộ"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    file = forms.FileField(label=_("Giấy tờ bổ sung"), required=False, help_text=_("PDF, JPEG hoặc PNG, đến 5 MB"))

    def clean(self) -> dict[str, Any]:
        """Something must be sent."""
        values = super().clean() or {}
        if not self.errors and not values.get("text") and not values.get("file"):
            self.add_error("text", _("Viết câu trả lời hoặc chọn một tệp"))
        return values


class VerifyForm(forms.Form):
    """A code to be checked, or a file."""

    code = forms.CharField(label=_("Mã kiểm tra in trên kết quả"), required=False, max_length=40)
    file = forms.FileField(label=_("Hoặc tệp PDF của kết quả"), required=False, help_text=_("Đến 5 MB. Tệp không được lưu lại."))

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        values = super().clean() or {}
        if not self.errors and not values.get("code") and not values.get("file"):
            self.add_error("code", _("Nhập mã kiểm tra, hoặc chọn tệp PDF"))
        return values
