"""The ten national states of a dossier, the five steps, and what may happen to it."""

from enum import IntEnum, StrEnum
from typing import Final


class State(IntEnum):
    """State of a dossier as the National Public Service Portal counts them (trạng thái hồ sơ).

    Source: domain.md E.3 (the ten codes are the same in four independent files; the link to a circular is not proven).
    """

    REGISTERED = 1
    RECEIVED = 2
    NOT_RECEIVED = 3
    IN_PROGRESS = 4
    SUPPLEMENT = 5
    FINANCIAL_DUTY = 6
    WITHDRAWN = 7
    STOPPED = 8
    DONE = 9
    RETURNED = 10


class Step(IntEnum):
    """The step that is to be signed next (năm bước: tiếp nhận, thẩm định, phê duyệt, ký số, trả kết quả)."""

    RECEPTION = 1
    APPRAISAL = 2
    APPROVAL = 3
    SIGNING = 4
    RETURN = 5
    NONE = 6


class Kind(StrEnum):
    """What happened to a dossier: the kinds of its event log."""

    SUBMITTED = "submitted"
    CLAIMED = "claimed"
    RELEASED = "released"
    CONSENT_ASKED = "consent_asked"
    CONSENT_GIVEN = "consent_given"
    CONSENT_REFUSED = "consent_refused"
    RECEIVED = "received"
    RECEPTION_REFUSED = "reception_refused"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    SUPPLEMENT_ANSWERED = "supplement_answered"
    DUTY_REQUESTED = "duty_requested"
    PAYMENT_RECORDED = "payment_recorded"
    APPRAISED = "appraised"
    APPROVED = "approved"
    RESULT_SIGNED = "result_signed"
    REGISTRY_CONFIRMED = "registry_confirmed"
    REGISTRY_REFUSED = "registry_refused"
    RETURNED = "returned"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"


class Channel(IntEnum):
    """How the dossier came in (kênh nộp). Source: domain.md E.3."""

    COUNTER = 1
    ONLINE = 2
    POST = 3


CLOSED: Final = frozenset({State.NOT_RECEIVED, State.WITHDRAWN, State.STOPPED, State.RETURNED})
PAUSED: Final = frozenset({State.SUPPLEMENT, State.FINANCIAL_DUTY})
OPEN: Final = frozenset(State) - CLOSED
SIGNED_STEPS: Final = (Step.RECEPTION, Step.APPRAISAL, Step.APPROVAL, Step.SIGNING, Step.RETURN)
