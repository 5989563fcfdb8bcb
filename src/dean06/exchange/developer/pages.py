"""Pages for developers: catalogue, one service, console, checker of signatures. No personal data of anybody real."""

import json
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from dean06.core.errors import Dean06Error
from dean06.exchange import snapshot
from dean06.exchange.developer.catalogue import Described, Operation, described_service, offered_services
from dean06.exchange.developer.checking import Checked, check, read_answer, read_request
from dean06.exchange.developer.sandbox import Tried, ask, checked_body, has_sandbox, sandbox
from dean06.exchange.developer.snippets import Call, call_of, snippets
from dean06.exchange.domain.identifiers import ClientId, parse_client
from dean06.exchange.domain.r1 import split_service
from dean06.exchange.domain.signatures import VerifyRaw
from dean06.exchange.errors import UnknownService
from dean06.ui.public import searched

LONGEST_PASTE: Final = 64_000
LONGEST_QUESTION: Final = 4096


@require_GET
def catalogue(request: HttpRequest) -> HttpResponse:
    """Show the services by their owners, searched by words with or without marks."""
    text = searched(request)
    return render(request, "exchange/developer/catalogue.html", {"q": text, "owners": offered_services(text)})


@require_GET
def service(request: HttpRequest, service: str) -> HttpResponse:
    """Show one service: operations, fields, agreements, what its versions broke."""
    described = described_service(service)
    context = {
        "service": described,
        "operations": [{"operation": one, "snippets": snippets(_call(described, one, _example_of(one)))} for one in described.operations],
        "has_sandbox": has_sandbox() and _sandbox_agreement(described),
    }
    return render(request, "exchange/developer/service.html", context)


def _pasted(label: Any, *, rows: int, required: bool = False, most: int = LONGEST_PASTE, strip: bool = True) -> forms.CharField:
    """Return a field for what a program wrote: fixed width, not spell-checked."""
    widget = forms.Textarea(attrs={"rows": rows, "class": "mono", "spellcheck": "false"})
    return forms.CharField(label=label, required=required, max_length=most, strip=strip, widget=widget)


class TrialForm(forms.Form):
    """A question of the console."""

    body = _pasted(gettext_lazy("Nội dung yêu cầu (JSON)"), rows=8, most=LONGEST_QUESTION)


@require_http_methods(["GET", "POST"])
def console(request: HttpRequest, service: str) -> HttpResponse:
    """Ask a service as the sandbox's client, through the gateway like everyone, about invented people."""
    box = sandbox()
    described = described_service(service)
    operation = _chosen(described, request.GET.get("operation", ""))
    people = box.people()
    form = TrialForm(request.POST if request.method == "POST" else None, initial={"body": _asked_about(operation, people[0][0])})
    tried: Tried | None = None
    call: Call | None = None
    if request.method == "POST" and form.is_valid():
        try:
            body = checked_body(form.cleaned_data["body"], known=frozenset(number for number, _name in people))
            call = _call(described, operation, body)
            tried = ask(call)
        except Dean06Error as exc:
            form.add_error("body", _(exc.message_vi))
    context = {
        "service": described,
        "operation": operation,
        "people": people,
        "form": form,
        "tried": tried,
        "call": call,
        "snippets": snippets(call) if call else {},
        "client": box.client,
        "purpose": box.purpose,
        "check_url": reverse("developer:signatures"),
    }
    return render(request, "exchange/developer/console.html", context)


class SignatureForm(forms.Form):
    """A pasted exchange."""

    request_head = _pasted(gettext_lazy("Dòng đầu và tiêu đề của yêu cầu"), rows=8, required=True)
    request_body = _pasted(gettext_lazy("Nội dung của yêu cầu"), rows=3, strip=False)
    answer_head = _pasted(gettext_lazy("Dòng đầu và tiêu đề của câu trả lời"), rows=8)
    answer_body = _pasted(gettext_lazy("Nội dung của câu trả lời"), rows=3, strip=False)
    own_base = _pasted(gettext_lazy("Chuỗi được ký (signature base) mà chương trình của bạn tính"), rows=3)


@require_http_methods(["GET", "POST"])
def signatures(request: HttpRequest) -> HttpResponse:
    """Say which part of a pasted exchange does not agree; nothing pasted is kept."""
    form = SignatureForm(request.POST or None)
    checked: Checked | None = None
    if request.method == "POST" and form.is_valid():
        try:
            checked = _checked(form.cleaned_data)
        except Dean06Error as exc:
            form.add_error("request_head", _(exc.message_vi))
    return render(request, "exchange/developer/signatures.html", {"form": form, "checked": checked})


def _checked(given: dict[str, str]) -> Checked:
    asked = read_request(given["request_head"], given["request_body"].replace("\r\n", "\n"))
    answer = read_answer(given["answer_head"], given["answer_body"].replace("\r\n", "\n")) if given["answer_head"].strip() else None
    consumer = parse_client(asked.values.get("x-road-client", ""))
    target = asked.first[1].partition("?")[0].removeprefix("/x1/").removeprefix("/r1/")
    provider, _path = split_service(target)
    return check(
        asked,
        answer,
        verify_consumer=_verifier(consumer),
        verify_provider=_verifier(provider.provider),
        own_base=given["own_base"].replace("\r\n", "\n"),
    )


def _verifier(client: ClientId) -> VerifyRaw:
    return snapshot.current().verifier(client)


def _sandbox_agreement(described: Described) -> bool:
    return any(one.client == sandbox().client and one.is_in_force for one in described.agreements)


def _chosen(described: Described, name: str) -> Operation:
    found = next((one for one in described.operations if one.name == name), None) or next(iter(described.operations), None)
    if found is None:
        raise UnknownService(service=described.offered.id)
    return found


def _call(described: Described, operation: Operation, body: str) -> Call:
    """Return a call of the sandbox's client, or of one that has an agreement where there is no sandbox."""
    client, purpose = _asking(described, operation)
    return call_of(
        gateway=str(settings.DEAN06_CONSUMER_GATEWAY),
        service=described.offered.id,
        method=operation.method,
        path=operation.path,
        client=client,
        purpose=purpose,
        body=body,
    )


def _asking(described: Described, operation: Operation) -> tuple[str, str]:
    if has_sandbox() and _sandbox_agreement(described):
        return sandbox().client, sandbox().purpose
    endpoint = f"{operation.method} {operation.path}"
    covering = next((one for one in described.agreements if one.is_in_force and endpoint in one.endpoints), None)
    return (covering.client, covering.purposes[0]) if covering else ("VN/…/…/…", "…")


def _example_of(operation: Operation) -> str:
    people = sandbox().people() if has_sandbox() else ()
    text = _asked_about(operation, people[0][0] if people else "")
    return json.dumps(json.loads(text), ensure_ascii=False) if text else ""


def _asked_about(operation: Operation, number: str) -> str:
    """Return the example of a question with the number of somebody whom the sandbox knows."""
    if not operation.example:
        return ""
    document: Any = json.loads(operation.example)
    if isinstance(document, dict) and number and "personal_id" in document:
        document["personal_id"] = number
    return json.dumps(document, ensure_ascii=False, indent=2)
