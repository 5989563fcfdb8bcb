"""The papers of a dossier as PDF/A, with signature fields placed before anyone signs."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import segno

from dean06.core.clock import legal
from dean06.core.documents import render_pdf
from dean06.services.authority import Officer
from dean06.services.domain.pack import Pack
from dean06.services.domain.states import SIGNED_STEPS, Step
from dean06.services.models import Dossier, SignedDocument
from dean06.signing import public as signing

PAGE_HEIGHT_MM: Final = 297.0
POINTS_PER_MM: Final = 72 / 25.4

SHEET: Final = "processing_sheet"
SLIP: Final = "appointment_slip"
RESULT: Final = "result"
REFUSAL: Final = "refusal"

ROLE_NAMES: Final[Mapping[str, str]] = {
    "one_stop_officer": "cán bộ tiếp nhận và trả kết quả",
    "appraiser": "cán bộ thẩm định",
    "head": "người đứng đầu cơ quan",
}


@dataclass(frozen=True, slots=True)
class Box:
    """Where a signature will stand on the first page, in millimetres from its upper left corner."""

    name: str
    x: float
    y: float
    w: float
    h: float

    def field(self) -> signing.FieldBox:
        """Return the same place as PDF sees it: points from the lower left corner."""
        left, right = self.x, self.x + self.w
        lower, upper = PAGE_HEIGHT_MM - self.y - self.h, PAGE_HEIGHT_MM - self.y
        x1, y1, x2, y2 = (round(value * POINTS_PER_MM, 2) for value in (left, lower, right, upper))
        return signing.FieldBox(self.name, 0, x1, y1, x2, y2)

    def place(self) -> dict[str, float]:
        """Return the place for a template."""
        return {"x": self.x, "y": self.y, "w": self.w, "h": self.h}


STEP_FIELDS: Final[Mapping[Step, str]] = {
    Step.RECEPTION: "TiepNhan",
    Step.APPRAISAL: "ThamDinh",
    Step.APPROVAL: "PheDuyet",
    Step.SIGNING: "KySo",
    Step.RETURN: "TraKetQua",
}
SHEET_BOXES: Final = tuple(Box(STEP_FIELDS[step], 100, 82 + 39 * (step - 1), 90, 34) for step in SIGNED_STEPS)
SLIP_BOX: Final = Box("NguoiTiepNhan", 110, 210, 80, 32)
REFUSAL_BOX: Final = Box("NguoiKy", 110, 190, 80, 32)
SEAL_BOX: Final = Box("CoQuan", 20, 205, 76, 32)
HEAD_BOX: Final = Box("ThuTruong", 112, 205, 78, 32)


def signed(
    pdf: bytes, *, field: str, key: str, lines: Sequence[str], reason: str, location: str = "", bound_hash: bytes | None = None
) -> bytes:
    """Sign one field of a PDF (PAdES, time-stamped) with a visible stamp."""
    return signing.sign_pdf(
        pdf, field=field, signer_name=key, reason=reason, location=location, stamp_lines=tuple(lines), bound_hash=bound_hash
    )


def stamp(officer: Officer, *, at: datetime, remark: str = "") -> tuple[str, ...]:
    """Return what a step's visible signature says."""
    lines = (f"Ký bởi: {officer.name}", f"{officer.title}, {officer.unit_name}", f"Thời gian ký: {moment(at)}")
    return (*lines, f"Ý kiến: {remark[:70]}") if remark else lines


def processing_sheet(dossier: Dossier, pack: Pack, *, received_at: datetime, due_on: date) -> bytes:
    """Make the processing sheet (phiếu kiểm soát) with its five empty fields."""
    boxes = [
        {
            **box.place(),
            "number": int(rule.step),
            "title": rule.title,
            "does": rule.does,
            "role_name": ROLE_NAMES.get(rule.role, rule.role),
            "limit_days": rule.limit_days,
        }
        for box, rule in zip(SHEET_BOXES, pack.steps, strict=True)
    ]
    data = {**_common(dossier, pack, SHEET), "boxes": boxes, "received_at": moment(received_at), "due_on": day(due_on)}
    data |= {"limit_days": pack.limit_days, "form_hash": dossier.form_hash}
    return _made(pack, SHEET, data, SHEET_BOXES)


def appointment_slip(dossier: Dossier, pack: Pack, *, received_at: datetime, due_on: date, parts: Sequence[str]) -> bytes:
    """Make the appointment slip (giấy tiếp nhận hồ sơ và hẹn trả kết quả)."""
    contact = ", ".join(value for value in (dossier.answers.get("phone"), dossier.answers.get("email")) if value)
    data = {
        **_common(dossier, pack, SLIP),
        "contact": contact or "không cung cấp",
        "parts": list(parts),
        "received_at": moment(received_at),
        "due_on": day(due_on),
        "limit_days": pack.limit_days,
        "fee": f"{dossier.fee_vnd:,} đồng".replace(",", "."),
        "box": SLIP_BOX.place(),
    }
    return _made(pack, SLIP, data, (SLIP_BOX,))


def refusal(dossier: Dossier, pack: Pack, *, at: datetime, reason: str, is_reception: bool, signer_title: str) -> bytes:
    """Make the notice of refusal (CT06)."""
    data = {
        **_common(dossier, pack, REFUSAL),
        "legal_basis": pack.legal_basis,
        "decision": "không tiếp nhận" if is_reception else "dừng giải quyết",
        "submitted_on": day(legal(dossier.submitted_at).date()),
        "reason": reason,
        "place_and_day": _place_and_day(dossier, at),
        "signer_title": signer_title,
        "box": REFUSAL_BOX.place(),
    }
    return _made(pack, REFUSAL, data, (REFUSAL_BOX,))


def result(
    dossier: Dossier, pack: Pack, *, at: datetime, relation: str, signer_title: str, verification_code: str, verify_url: str
) -> bytes:
    """Make the result (thông báo kết quả) with the fields of the head and of the agency's seal."""
    answers = dossier.answers
    present = answers["present_place"]
    data = {
        **_common(dossier, pack, RESULT),
        "legal_basis": pack.decides_basis,
        "received_on": day(dossier.received_on),
        "born_on": written_birth(answers["born_on"]),
        "sex": "Nam" if answers["sex"] == "male" else "Nữ",
        "place": full_place(answers["new_place"]),
        "since": day(legal(at).date()),
        "householder": answers["householder_name"],
        "relation": relation,
        "previous": full_place(present) or "không có",
        "place_and_day": _place_and_day(dossier, at),
        "signer_title": signer_title,
        "boxes": [SEAL_BOX.place(), HEAD_BOX.place()],
        "verification_code": verification_code,
        "verify_url": verify_url,
        "qr": _qr(f"{verify_url}/{verification_code}"),
    }
    return _made(pack, RESULT, data, (SEAL_BOX, HEAD_BOX))


def keep(dossier: Dossier, kind: str, *, title: str, content: bytes, version: int = 1) -> SignedDocument:
    """Keep a paper, or its next version, in the caller's transaction."""
    digest = hashlib.sha256(content).hexdigest()
    return SignedDocument.objects.create(dossier=dossier, kind=kind, title=title, version=version, content=content, sha256=digest)


def latest(dossier: Dossier, kind: str) -> SignedDocument:
    """Return the latest version of a paper of the dossier."""
    return dossier.documents.filter(kind=kind).order_by("-version")[0]


def full_place(place: Mapping[str, Any]) -> str:
    """Write an address with its unit."""
    return ", ".join(str(part) for part in (place.get("address"), place.get("unit_name")) if part)


def written_birth(text: str) -> str:
    """Write a birth date as exactly as it is known: ``02/05/1990``, ``05/1990``, ``1990``."""
    return "/".join(reversed(text.split("-")))


def day(value: date | None) -> str:
    """Write a day as letters do."""
    return f"{value:%d/%m/%Y}" if value else ""


def moment(value: datetime) -> str:
    """Write an instant of the legal clock."""
    return f"{legal(value):%H:%M, %d/%m/%Y}"


def _common(dossier: Dossier, pack: Pack, kind: str) -> dict[str, Any]:
    answers = dossier.answers
    return {
        "title": pack.papers[kind].title,
        "agency": dossier.agency_name,
        "code": dossier.code,
        "procedure": dossier.procedure_name,
        "procedure_code": dossier.procedure_code,
        "applicant": dossier.applicant_name,
        "number": answers["personal_id"],
        "request": answers["request"],
    }


def _made(pack: Pack, kind: str, data: Mapping[str, Any], boxes: Sequence[Box]) -> bytes:
    pdf = render_pdf(pack.papers[kind].template, data, standard="a-2b")
    return signing.add_signature_fields(pdf, [box.field() for box in boxes])


def _place_and_day(dossier: Dossier, at: datetime) -> str:
    unit = str(dossier.answers["new_place"]["unit_name"]).partition(",")[0]
    on = legal(at)
    return f"{unit}, ngày {on.day:02d} tháng {on.month:02d} năm {on.year}"


def _qr(text: str) -> str:
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="svg", xmldecl=False, border=1, scale=4)
    return buffer.getvalue().decode()
