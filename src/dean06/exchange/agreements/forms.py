"""Forms of the agreement procedure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from dean06.exchange.agreements.offers import Offer
from dean06.exchange.agreements.words import CERTAINTIES, KEEP_BODIES, NOTIFY

BASES: Final = (1, 2)
BASIS_PARTS: Final = ("document", "article", "certainty")


class DayInput(forms.DateInput):
    """A day as browsers know it."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PartiesForm(forms.Form):
    """Who wants to ask which service."""

    client = forms.ChoiceField(label=_("Hệ thống hoặc nhóm sẽ hỏi"), error_messages={"required": _("Chọn hệ thống sẽ hỏi")})
    service = forms.ChoiceField(label=_("Dịch vụ dữ liệu"), error_messages={"required": _("Chọn dịch vụ dữ liệu")})

    def __init__(self, *args: Any, clients: list[tuple[str, str]], services: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].choices = [("", _("Chọn…")), *clients]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["service"].choices = [("", _("Chọn…")), *services]  # type: ignore[attr-defined]  # a ChoiceField


class RequestForm(forms.Form):
    """All of an agreement but its parties; endpoints and fields come from the service's description."""

    title = forms.CharField(label=_("Tên thỏa thuận"), max_length=300, error_messages={"required": _("Nhập tên thỏa thuận")})
    reason = forms.CharField(
        label=_("Vì sao cần dữ liệu này"),
        min_length=10,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Nhập lý do, ít nhất 10 ký tự"), "min_length": _("Nhập lý do, ít nhất 10 ký tự")},
    )
    endpoints = forms.MultipleChoiceField(
        label=_("Được gọi những gì"), widget=forms.CheckboxSelectMultiple, error_messages={"required": _("Chọn ít nhất một chức năng")}
    )
    fields_asked = forms.MultipleChoiceField(
        label=_("Được nhận những trường nào"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Chọn ít nhất có thể. Chọn một trường lớn thì nhận mọi trường bên trong nó."),
        error_messages={"required": _("Chọn ít nhất một trường dữ liệu")},
    )
    events = forms.MultipleChoiceField(
        label=_("Được nghe những loại sự kiện nào"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Sự kiện chỉ báo rằng có thay đổi; muốn biết nội dung thì phải hỏi."),
    )
    purposes = forms.CharField(
        label=_("Mục đích khai thác"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Mỗi dòng một mã: mã thủ tục hành chính, hoặc từ khóa như kyc."),
        error_messages={"required": _("Nhập ít nhất một mục đích")},
    )
    basis_document_1 = forms.CharField(
        label=_("Căn cứ pháp lý: số văn bản"), max_length=100, error_messages={"required": _("Nhập số văn bản làm căn cứ")}
    )
    basis_article_1 = forms.CharField(label=_("Điều, khoản, điểm"), max_length=100, required=False)
    basis_certainty_1 = forms.ChoiceField(label=_("Đã đối chiếu đến đâu"), choices=[*CERTAINTIES.items()], initial="M")
    basis_document_2 = forms.CharField(label=_("Căn cứ thứ hai: số văn bản"), max_length=100, required=False)
    basis_article_2 = forms.CharField(label=_("Điều, khoản, điểm của căn cứ thứ hai"), max_length=100, required=False)
    basis_certainty_2 = forms.ChoiceField(label=_("Căn cứ thứ hai đã đối chiếu đến đâu"), choices=[*CERTAINTIES.items()], initial="M")
    subject_required = forms.BooleanField(label=_("Câu trả lời phải cho biết dữ liệu của ai"), required=False, initial=True)
    issue_required = forms.BooleanField(label=_("Mỗi lần hỏi phải nêu mã hồ sơ"), required=False)
    officer_roles = forms.CharField(
        label=_("Vai trò được hỏi"), max_length=300, required=False, help_text=_("Cách nhau bằng dấu phẩy. Để trống nếu không giới hạn.")
    )
    valid_from = forms.DateField(label=_("Có hiệu lực từ ngày"), widget=DayInput, error_messages={"required": _("Chọn ngày bắt đầu")})
    valid_until = forms.DateField(label=_("Đến hết ngày"), widget=DayInput, error_messages={"required": _("Chọn ngày cuối cùng")})
    rate_per_second = forms.IntegerField(label=_("Số lượt mỗi giây"), min_value=0, max_value=1_000_000, required=False, initial=5)
    daily_quota = forms.IntegerField(
        label=_("Số lượt mỗi ngày"), min_value=0, max_value=1_000_000_000, required=False, help_text=_("0 là không giới hạn.")
    )
    notify = forms.ChoiceField(label=_("Báo cho người dân"), choices=[*NOTIFY.items()], widget=forms.RadioSelect, initial="immediate")
    notify_until = forms.DateField(label=_("Báo từ ngày"), widget=DayInput, required=False, help_text=_("Chỉ khi báo sau."))
    notify_ground = forms.CharField(
        label=_("Căn cứ để không báo"),
        max_length=300,
        required=False,
        help_text=_("Chỉ khi không báo: văn bản, điều, khoản. Người dân đọc căn cứ này bên cạnh số lần."),
    )
    keep_bodies = forms.ChoiceField(
        label=_("Lưu nội dung câu hỏi và câu trả lời"),
        choices=[*KEEP_BODIES.items()],
        widget=forms.RadioSelect,
        initial="none",
        required=False,
        help_text=_("Chỉ lưu khi thật cần. Bằng chứng luôn có, không cần nội dung; nội dung hết hạn thì hủy theo ngày."),
    )

    def __init__(
        self, *args: Any, offer: Offer, events: Sequence[tuple[str, str]] = (), document: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Offer what the service describes, and what an agreement that is renewed holds already."""
        if document is not None:
            kwargs["initial"] = initial_of(document)
        super().__init__(*args, **kwargs)
        known = {"endpoints": [], "fields": [], "legal_bases": []} if document is None else document
        self.further_bases = list(known["legal_bases"][len(BASES) :])  # a renewal keeps those that the form has no room for
        endpoints = {f"{method} {path}": summary for method, path, summary in offer.endpoints}
        endpoints |= {text: "" for one in known["endpoints"] if (text := f"{one['method']} {one['path']}") not in endpoints}
        fields = dict(offer.fields) | {name: "" for name in known["fields"] if name not in dict(offer.fields)}
        heard = dict(events) | {name: "" for name in known.get("events", ()) if name not in dict(events)}
        for name, choices in (("endpoints", endpoints), ("fields_asked", fields), ("events", heard)):
            self.fields[name].choices = [(value, value) for value in choices]  # type: ignore[attr-defined]  # a ChoiceField
            self.fields[name].hints = choices  # type: ignore[attr-defined]  # read by the tag that shows the field
        if not heard:
            del self.fields["events"]

    def clean(self) -> dict[str, Any]:
        """Days in order; the rule for telling the citizen is whole."""
        values = super().clean() or {}
        first, last = values.get("valid_from"), values.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("Ngày cuối cùng phải sau ngày bắt đầu"))
        if values.get("notify") == "delayed" and not values.get("notify_until"):
            self.add_error("notify_until", _("Chọn ngày bắt đầu báo"))
        if values.get("notify") == "exempt" and not values.get("notify_ground"):
            self.add_error("notify_ground", _("Nhập căn cứ để không báo"))
        return values

    def document(self, *, client: str, group: str, service: str) -> dict[str, Any]:
        """Return the content of the agreement, as an entry of a pack without its code."""
        values = self.cleaned_data
        notify = values["notify"]
        roles = [role.strip() for role in values["officer_roles"].split(",") if role.strip()]
        return {
            "title": values["title"],
            **({"group": group} if group else {"client": client}),
            "service": service,
            "endpoints": [dict(zip(("method", "path"), text.split(" ", 1), strict=True)) for text in values["endpoints"]],
            "fields": values["fields_asked"],
            **({"events": values["events"]} if values.get("events") else {}),
            "purposes": list(dict.fromkeys(line.strip() for line in values["purposes"].splitlines() if line.strip())),
            "legal_bases": [
                {
                    "document": values[f"basis_document_{number}"],
                    "article": values[f"basis_article_{number}"],
                    "certainty": values[f"basis_certainty_{number}"],
                }
                for number in BASES
                if values[f"basis_document_{number}"]
            ]
            + self.further_bases,
            "subject_required": values["subject_required"],
            "issue_required": values["issue_required"],
            **({"officer_roles": roles} if roles else {}),
            "valid_from": values["valid_from"].isoformat(),
            "valid_until": values["valid_until"].isoformat(),
            "rate_per_second": values["rate_per_second"] or 0,
            "daily_quota": values["daily_quota"] or 0,
            "notify": notify,
            **({"notify_until": values["notify_until"].isoformat()} if notify == "delayed" else {}),
            **({"notify_ground": values["notify_ground"]} if notify == "exempt" else {}),
            **({"keep_bodies": values["keep_bodies"]} if values["keep_bodies"] not in ("", "none") else {}),
        }


def initial_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's values of an agreement that is renewed; its days are to be chosen anew."""
    bases = dict(zip(BASES, document["legal_bases"], strict=False))
    return {
        "title": document["title"],
        "endpoints": [f"{one['method']} {one['path']}" for one in document["endpoints"]],
        "fields_asked": document["fields"],
        "events": document.get("events", []),
        "purposes": "\n".join(document["purposes"]),
        **{
            f"basis_{part}_{number}": basis.get(part, "")
            for number, basis in bases.items()
            for part in ("document", "article", "certainty")
        },
        "subject_required": document.get("subject_required", True),
        "issue_required": document.get("issue_required", False),
        "officer_roles": ", ".join(document.get("officer_roles", ())),
        "rate_per_second": document.get("rate_per_second", 0),
        "daily_quota": document.get("daily_quota", 0),
        "notify": document.get("notify", "immediate"),
        "notify_until": document.get("notify_until", ""),
        "notify_ground": document.get("notify_ground", ""),
        "keep_bodies": document.get("keep_bodies", "none"),
    }


class ReasonForm(forms.Form):
    """A step of an agreement that is going to be read."""

    reason = forms.CharField(
        label=_("Lý do"),
        min_length=10,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Nhập lý do, ít nhất 10 ký tự"), "min_length": _("Nhập lý do, ít nhất 10 ký tự")},
    )
