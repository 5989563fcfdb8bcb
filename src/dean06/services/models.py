"""Tables of services: procedures, drafts, dossiers with their event log, consents, papers, the citizen's store of results.

People, accounts and units stand here as opaque keys and codes, never as foreign keys: their owners are other modules.
"""

from typing import Final, Self

from django.db import models
from django.db.models import Q

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.keys import new_key
from dean06.organisation.public import COUNTRY
from dean06.services.domain.states import Channel, State, Step

STEP_ROLES: Final = frozenset({"one_stop_officer", "appraiser", "head"})
"""Roles whose holders see the dossiers of their agency."""
OPEN_STATES: Final = (State.REGISTERED, State.RECEIVED, State.IN_PROGRESS, State.SUPPLEMENT, State.FINANCIAL_DUTY, State.DONE)


class PackVersion(models.Model):
    """A procedure pack as it was when a dossier was made under it: the texts themselves, never changed."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, unique=True)
    pack = models.TextField()
    form_schema = models.TextField()
    templates = models.JSONField()
    pinned_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.code}@{self.version}"


class ProcedureListing(models.Model):
    """A procedure of the national catalogue, shown for information (thủ tục hành chính)."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=1200)
    sort_key = models.CharField(max_length=200)
    folded = models.TextField()
    field = models.CharField(max_length=300)
    ministry = models.CharField(max_length=200)
    levels = models.JSONField(default=list)
    details = models.JSONField()
    source = models.CharField(max_length=200)
    imported_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["sort_key", "id"], name="services_listing_order")]

    def __str__(self) -> str:
        return self.code


class DailySerial(models.Model):
    """The last serial that an agency gave on a day; the row's lock makes serials unique."""

    id = models.BigAutoField(primary_key=True)
    agency_code = models.CharField(max_length=35)
    day = models.DateField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency_code", "day"], name="services_serial_once_a_day")]

    def __str__(self) -> str:
        return f"{self.agency_code} {self.day}"


class OwnedRows(models.QuerySet["Draft"]):
    """Drafts: only their owner sees them."""

    def visible_to(self, actor: Actor) -> Self:
        """Return what the actor may see."""
        return self.none() if actor.person is None else self.filter(owner=actor.person)


class Draft(models.Model):
    """A form that a citizen is filling in: saved after each step, hers alone (bản nháp)."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    owner = models.UUIDField(db_index=True)
    procedure_code = models.CharField(max_length=20)
    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT)
    answers = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=now)
    saved_at = models.DateTimeField(default=now)
    dossier_code = models.CharField(max_length=60, default="", blank=True)

    objects = OwnedRows.as_manager()

    def __str__(self) -> str:
        return f"draft {self.id}"


class DossierRows(models.QuerySet["Dossier"]):
    """Dossiers: the applicant's own, and those of the officer's agency in her area."""

    def visible_to(self, actor: Actor) -> Self:
        """Return what the actor may see; the same rule for list, search, detail and export."""
        mine = Q(applicant=actor.person) if actor.person is not None else Q(pk__in=())
        if actor.unit_code and actor.roles & STEP_ROLES:
            mine |= _in_charge(actor)
        return self.filter(mine)

    def in_charge_of(self, actor: Actor) -> Self:
        """Return what the actor's posts give her power over, whoever applied."""
        if not actor.unit_code or not actor.roles & STEP_ROLES:
            return self.none()
        return self.filter(_in_charge(actor))


def _in_charge(actor: Actor) -> Q:
    if COUNTRY in actor.area:
        return Q(agency_code=actor.unit_code)
    in_area = Q(commune_code__in=actor.area) | Q(province_code__in=actor.area)
    return Q(agency_code=actor.unit_code) & in_area


class Dossier(models.Model):
    """One application from entry to result (hồ sơ): the fold of its events, kept for queries."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    code = models.CharField(max_length=60, unique=True)
    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT)
    procedure_code = models.CharField(max_length=20)
    procedure_name = models.CharField(max_length=300)
    channel = models.PositiveSmallIntegerField(default=Channel.ONLINE)
    applicant = models.UUIDField(db_index=True)
    applicant_name = models.CharField(max_length=100)
    applicant_folded = models.CharField(max_length=100)
    agency_code = models.CharField(max_length=35)
    agency_name = models.CharField(max_length=200)
    commune_code = models.CharField(max_length=5)
    province_code = models.CharField(max_length=5)
    case_id = models.CharField(max_length=40)
    answers = models.JSONField()
    facts = models.JSONField()
    form_hash = models.CharField(max_length=64)
    householder = models.UUIDField(null=True, blank=True)
    fee_vnd = models.PositiveIntegerField()

    state = models.PositiveSmallIntegerField(default=State.REGISTERED)
    step = models.PositiveSmallIntegerField(default=Step.RECEPTION)
    version = models.PositiveIntegerField(default=1)
    held_by = models.UUIDField(null=True, blank=True)
    held_by_name = models.CharField(max_length=100, default="", blank=True)
    is_eligible = models.BooleanField(default=True)
    is_paid = models.BooleanField(default=False)
    registry = models.CharField(max_length=10, default="", blank=True)
    submitted_at = models.DateTimeField()
    received_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    queue_on = models.DateField()
    finished_on = models.DateField(null=True, blank=True)

    objects = DossierRows.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["agency_code", "queue_on", "id"], name="services_dossier_queue", condition=Q(state__in=OPEN_STATES)),
            models.Index(fields=["agency_code", "applicant_folded"], name="services_dossier_name"),
        ]
        constraints = [
            models.CheckConstraint(name="services_dossier_state", condition=Q(state__gte=1, state__lte=10)),
            models.CheckConstraint(name="services_dossier_step", condition=Q(step__gte=1, step__lte=6)),
            models.CheckConstraint(
                name="services_dossier_clock_starts_with_a_due_day",
                condition=Q(received_on__isnull=True, due_on__isnull=True) | Q(received_on__isnull=False, due_on__isnull=False),
            ),
            models.CheckConstraint(
                name="services_dossier_returned_is_confirmed", condition=~Q(state=int(State.RETURNED)) | Q(registry="confirmed")
            ),
        ]

    def __str__(self) -> str:
        return self.code


class DossierEvent(models.Model):
    """One line of a dossier's log: appended, never changed (a trigger refuses), each holding the hash of the one before."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=30)
    at = models.DateTimeField()
    on = models.DateField()
    step = models.PositiveSmallIntegerField()
    state = models.PositiveSmallIntegerField()
    by = models.JSONField()
    data = models.JSONField(default=dict)
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dossier", "seq"], name="services_event_in_order")]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.seq} {self.kind}"


class ConsentRows(models.QuerySet["Consent"]):
    """Consents: seen by who is asked; the dossier's own readers see them through the dossier."""

    def visible_to(self, actor: Actor) -> Self:
        """Return what the actor may see."""
        return self.none() if actor.person is None else self.filter(person=actor.person)


class Consent(models.Model):
    """A question to a householder or owner, and her answer given in her own session, word for word (ý kiến)."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="consents")
    role = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    person = models.UUIDField(db_index=True)
    person_name = models.CharField(max_length=100, default="", blank=True)
    text = models.TextField()
    answer = models.CharField(max_length=10, default="pending")
    asked_at = models.DateTimeField(default=now)
    answered_at = models.DateTimeField(null=True, blank=True)
    session = models.CharField(max_length=64, default="", blank=True)
    assurance = models.CharField(max_length=100, default="", blank=True)

    objects = ConsentRows.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dossier", "role"], condition=~Q(answer="refused"), name="services_consent_asked_once"),
            models.CheckConstraint(
                name="services_consent_answer_has_a_time",
                condition=Q(answer="pending", answered_at__isnull=True) | Q(answer__in=["given", "refused"], answered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.answer}"


class Attachment(models.Model):
    """A file that a citizen uploaded as evidence, sniffed and bounded."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="attachments", null=True)
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="attachments", null=True)
    evidence = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=40)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    uploaded_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.name


class DocumentRows(models.QuerySet["SignedDocument"]):
    """Papers: seen by who may see their dossier, and the sheet by officers alone until the dossier is closed."""

    def visible_to(self, actor: Actor) -> Self:
        """Return what the actor may see."""
        return self.filter(dossier__in=Dossier.objects.visible_to(actor))


class SignedDocument(models.Model):
    """A PDF that the procedure issued, as it is after its last signature (văn bản điện tử)."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=30)
    title = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=now)

    objects = DocumentRows.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dossier", "kind", "version"], name="services_document_version")]

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


class ResultRows(models.QuerySet["StoredResult"]):
    """Results in a person's store: hers alone."""

    def visible_to(self, actor: Actor) -> Self:
        """Return what the actor may see."""
        return self.none() if actor.person is None else self.filter(owner=actor.person)


class StoredResult(models.Model):
    """A result in the citizen's e-data store (kho quản lý dữ liệu điện tử); found by strangers through its code alone."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    owner = models.UUIDField(db_index=True)
    holder_masked = models.CharField(max_length=200)
    source_dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="results")
    document = models.OneToOneField(SignedDocument, on_delete=models.PROTECT)
    result_type = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    issued_by = models.CharField(max_length=200)
    issued_on = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    verification_code = models.CharField(max_length=19, unique=True)
    is_in_store = models.BooleanField(default=False)
    stored_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=200, default="", blank=True)

    objects = ResultRows.as_manager()

    def __str__(self) -> str:
        return self.verification_code


class Receipt(models.Model):
    """The fee as entered at the counter: a receipt's number, or the ground of an exemption (biên lai lệ phí)."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    dossier = models.OneToOneField(Dossier, on_delete=models.PROTECT, related_name="receipt")
    amount_vnd = models.PositiveIntegerField()
    number = models.CharField(max_length=40, default="", blank=True)
    exemption = models.CharField(max_length=300, default="", blank=True)
    recorded_by = models.UUIDField()
    recorded_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="services_receipt_number_once"),
            models.CheckConstraint(
                name="services_receipt_or_exemption", condition=(~Q(number="") & Q(exemption="")) | (Q(number="") & ~Q(exemption=""))
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.exemption
