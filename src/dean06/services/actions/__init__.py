"""Every write of services: one function, one transaction, one entry in the log, one message."""

from dean06.services.actions.citizen import answer_supplement, submit, withdraw
from dean06.services.actions.consents import ask_consent, give_consent, refuse_consent
from dean06.services.actions.drafts import attach_file, choose_case, save_draft, start_draft
from dean06.services.actions.duties import claim, record_payment, release, request_duty
from dean06.services.actions.outcomes import refuse_reception, request_supplement, stop
from dean06.services.actions.steps import appraise, approve, receive, return_result, sign_result

__all__ = [
    "answer_supplement",
    "appraise",
    "approve",
    "ask_consent",
    "attach_file",
    "choose_case",
    "claim",
    "give_consent",
    "receive",
    "record_payment",
    "refuse_consent",
    "refuse_reception",
    "release",
    "request_duty",
    "request_supplement",
    "return_result",
    "save_draft",
    "sign_result",
    "start_draft",
    "stop",
    "submit",
    "withdraw",
]
