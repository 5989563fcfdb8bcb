"""A dossier's life as a state machine: what may happen, what it becomes, and that the log replays to it."""

from datetime import date, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dean06.core.errors import Dean06Error
from dean06.services.domain import lifecycle
from dean06.services.domain.lifecycle import Happening
from dean06.services.domain.states import CLOSED, PAUSED, Kind, State, Step
from dean06.services.errors import (
    ConsentMissing,
    FourEyes,
    HeldByAnother,
    NotEligible,
    ReceiptMissing,
    RegistryNotConfirmed,
    WrongStep,
)

DAY = date(2026, 11, 19)
FOUR_EYES = (Step.APPRAISAL, Step.APPROVAL)


def a_dossier(*, consents=()):
    return lifecycle.submitted(limit_days=7, fee_due_before=Step.RETURN, four_eyes=FOUR_EYES, consents=consents)


def after(progress, *kinds, by="officer"):
    for kind in kinds:
        name = kind if isinstance(kind, Happening) else Happening(kind, DAY, by)
        progress = lifecycle.apply(progress, name)
    return progress


def examined():
    received = after(a_dossier(), Kind.RECEIVED)
    return after(received, Happening(Kind.APPRAISED, DAY, "appraiser"))


def signed():
    return after(examined(), Happening(Kind.APPROVED, DAY, "head"), Happening(Kind.RESULT_SIGNED, DAY, "head"))


def test_five_steps_lead_from_new_to_returned():
    progress = after(signed(), Kind.PAYMENT_RECORDED, Kind.REGISTRY_CONFIRMED)
    assert progress.state is State.DONE

    progress = after(progress, Kind.RETURNED)
    assert progress.state is State.RETURNED
    assert progress.is_closed
    assert len(progress.taken_by) == 5


def test_reception_waits_for_every_consent():
    progress = a_dossier(consents=("householder", "owner"))
    progress = after(progress, Happening(Kind.CONSENT_GIVEN, DAY, "a", subject="householder"))

    with pytest.raises(ConsentMissing):
        after(progress, Kind.RECEIVED)

    progress = after(progress, Happening(Kind.CONSENT_GIVEN, DAY, "b", subject="owner"), Kind.RECEIVED)
    assert progress.state is State.RECEIVED


def test_a_refused_consent_can_be_asked_again_but_an_answer_is_given_once():
    progress = after(a_dossier(consents=("householder",)), Happening(Kind.CONSENT_REFUSED, DAY, "a", subject="householder"))

    with pytest.raises(WrongStep):
        after(progress, Happening(Kind.CONSENT_GIVEN, DAY, "a", subject="householder"))
    asked = after(progress, Happening(Kind.CONSENT_ASKED, DAY, subject="householder"))
    assert asked.consents == {"householder": lifecycle.PENDING}


def test_who_appraised_does_not_approve():
    with pytest.raises(FourEyes):
        after(examined(), Happening(Kind.APPROVED, DAY, "appraiser"))


def test_an_appraisal_without_grounds_can_only_be_stopped():
    progress = after(a_dossier(), Kind.RECEIVED, Happening(Kind.APPRAISED, DAY, "appraiser", is_eligible=False))

    with pytest.raises(NotEligible):
        after(progress, Happening(Kind.APPROVED, DAY, "head"))
    assert after(progress, Kind.STOPPED).state is State.STOPPED


def test_a_result_is_not_handed_out_before_register_and_receipt():
    with pytest.raises(RegistryNotConfirmed):
        after(signed(), Kind.RETURNED)
    with pytest.raises(ReceiptMissing):
        after(signed(), Kind.REGISTRY_CONFIRMED, Kind.RETURNED)


def test_a_signed_result_stops_only_when_the_register_refused():
    with pytest.raises(WrongStep):
        after(signed(), Kind.STOPPED)
    assert after(signed(), Kind.REGISTRY_REFUSED, Kind.STOPPED).state is State.STOPPED


def test_a_citizen_withdraws_until_the_result_is_signed():
    assert after(examined(), Kind.WITHDRAWN).state is State.WITHDRAWN
    with pytest.raises(WrongStep):
        after(signed(), Kind.WITHDRAWN)


def test_no_step_forward_while_a_supplement_is_awaited_and_it_returns_to_where_it_was():
    asked = after(a_dossier(), Kind.RECEIVED, Happening(Kind.SUPPLEMENT_REQUESTED, DAY, "appraiser", text="thiếu giấy tờ"))

    with pytest.raises(WrongStep):
        after(asked, Kind.APPRAISED)
    answered = after(asked, Happening(Kind.SUPPLEMENT_ANSWERED, DAY + timedelta(days=3), "citizen"))
    assert (answered.state, answered.step) == (State.RECEIVED, Step.APPRAISAL)


def test_a_claimed_dossier_is_handled_by_who_holds_it():
    held = after(after(a_dossier(), Kind.RECEIVED), Happening(Kind.CLAIMED, DAY, "first"))
    assert held.state is State.IN_PROGRESS

    with pytest.raises(HeldByAnother):
        after(held, Happening(Kind.APPRAISED, DAY, "second"))
    with pytest.raises(HeldByAnother):
        after(held, Happening(Kind.CLAIMED, DAY, "second"))
    with pytest.raises(HeldByAnother):
        after(held, Happening(Kind.RELEASED, DAY, "second"))
    free = after(held, Happening(Kind.RELEASED, DAY, "first"))
    assert free.held_by == ""


PEOPLE = ("one", "two", "three")


class DossierLife(RuleBasedStateMachine):
    """Any sequence of events, allowed or not, by anyone, on days that go forward."""

    @initialize(consents=st.sets(st.sampled_from(["householder", "owner"])), fee=st.sampled_from([Step.RETURN, Step.NONE]))
    def submit(self, consents, fee):
        self.first = lifecycle.submitted(limit_days=7, fee_due_before=fee, four_eyes=FOUR_EYES, consents=sorted(consents))
        self.progress = self.first
        self.log: list[Happening] = []
        self.day = DAY

    @rule(
        kind=st.sampled_from(Kind),
        by=st.sampled_from(PEOPLE),
        days=st.integers(0, 5),
        subject=st.sampled_from(["householder", "owner"]),
        good=st.booleans(),
    )
    def try_anything(self, kind, by, days, subject, good):
        self._try(Happening(kind, self.day + timedelta(days=days), by, "lý do đầy đủ", subject, good))

    @precondition(lambda self: not self.progress.is_closed)
    @rule(data=st.data(), by=st.sampled_from(PEOPLE), days=st.integers(0, 3), subject=st.sampled_from(["householder", "owner"]))
    def try_what_may_be(self, data, by, days, subject):
        kinds = [kind for kind in Kind if lifecycle.may(self.progress, kind) and kind not in {Kind.WITHDRAWN, Kind.STOPPED}]
        if kinds:
            self._try(Happening(data.draw(st.sampled_from(kinds)), self.day + timedelta(days=days), by, "lý do", subject))

    def _try(self, event):
        before = self.progress
        try:
            self.progress = lifecycle.apply(before, event)
        except Dean06Error:
            assert self.progress is before
            return
        self.log.append(event)
        self.day = event.on
        assert before.state not in CLOSED, "nothing happens to a closed dossier"
        assert self.progress.step >= before.step, "no step is taken back"
        assert self.progress.step - before.step <= 1 or self.progress.is_closed, "no step is skipped"

    @invariant()
    def the_log_replays_to_the_same(self):
        assert lifecycle.replay(self.first, self.log) == self.progress
        assert self.progress.version == 1 + len(self.log)

    @invariant()
    def the_clock_runs_exactly_when_the_law_says(self):
        clock = self.progress.clock
        if self.progress.step is Step.RECEPTION:
            assert clock is None
        elif clock is not None and not self.progress.is_closed and self.progress.state is not State.DONE:
            assert (clock.open_pause is not None) == (self.progress.state in PAUSED)
        if self.progress.state in {State.DONE, State.RETURNED}:
            assert clock is not None
            assert clock.finished_on is not None

    @invariant()
    def a_returned_dossier_took_five_steps_with_everything_in_place(self):
        if self.progress.state is State.RETURNED:
            assert len(self.progress.taken_by) == 5
            assert self.progress.registry == "confirmed"
            assert self.progress.consents_are_complete
            assert self.progress.is_paid or self.progress.fee_due_before is Step.NONE
            assert self.progress.taken_by[Step.APPRAISAL] != self.progress.taken_by[Step.APPROVAL]


TestDossierLife = DossierLife.TestCase
