"""The portal's own state: log-ins on their way, sessions, and a person's own pages as this session has seen them."""

from typing import Self

from django.db import models
from django.db.models import F, Q

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.keys import new_key


class PendingLogin(models.Model):
    """A log-in that was started and not yet answered; taken away by its first answer."""

    state_hash = models.CharField(max_length=64, primary_key=True)
    browser_hash = models.CharField(max_length=64)
    nonce = models.CharField(max_length=64)
    verifier = models.CharField(max_length=64)
    next_path = models.CharField(max_length=2048, default="", blank=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="portal_pending_expiry")]

    def __str__(self) -> str:
        return self.state_hash[:8]


class PortalSession(models.Model):
    """A browser in which a person is logged in; the cookie is kept as a hash, the person as an opaque key.

    ``posts`` caches what the person's posts allow (opaque keys, roles and areas); ``name`` is encrypted and only
    greets her; ``id_token``, encrypted too, tells the provider whose session to end when she logs out.
    """

    key = models.UUIDField(primary_key=True, default=new_key, editable=False)
    cookie_hash = models.CharField(max_length=64, unique=True)
    sub = models.CharField(max_length=255)
    person = models.UUIDField()
    acr = models.CharField(max_length=60, default="", blank=True)
    auth_time = models.DateTimeField()
    name = models.BinaryField(default=b"")
    id_token = models.BinaryField(default=b"")
    posts = models.JSONField(default=list)
    posts_at = models.DateTimeField(default=now)
    started_at = models.DateTimeField(default=now)
    seen_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], name="portal_session_expiry"),
            models.Index(fields=["person"], name="portal_session_person"),
        ]
        constraints = [
            models.CheckConstraint(name="portal_session_ends_after_it_began", condition=Q(expires_at__gt=F("started_at"))),
        ]

    def __str__(self) -> str:
        return str(self.key)


class OwnPage(models.Model):
    """What a register answered about a person herself, kept encrypted for one session and page, so that one look is one entry."""

    session = models.ForeignKey(PortalSession, on_delete=models.CASCADE, related_name="own_pages")
    page = models.CharField(max_length=30)
    content = models.BinaryField()
    fetched_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "page"], name="portal_own_page_once")]

    def __str__(self) -> str:
        return self.page


DATA_PROTECTION_OFFICER = "data_protection_officer"


class LookCaseRows(models.QuerySet["LookCase"]):
    """Cases about looks: the person's own, and all for the data protection officer."""

    def visible_to(self, actor: Actor) -> Self:
        """Return what the actor may see; the same rule for list, detail and answer."""
        if actor.has_role(DATA_PROTECTION_OFFICER):
            return self.all()
        return self.none() if actor.person is None else self.filter(person=actor.person)


class LookCase(models.Model):
    """A person says of a look at her data that it is not right; the data protection officer answers (phản ánh một lần xem).

    Words and answer are encrypted; ``reply_by`` and ``answer_by`` are the clock that held when she wrote.
    """

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    entry_id = models.UUIDField()
    person = models.UUIDField()
    words = models.BinaryField()
    opened_at = models.DateTimeField(default=now)
    reply_by = models.DateField()
    answer_by = models.DateField()
    clock_basis = models.CharField(max_length=200)
    answer = models.BinaryField(default=b"")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, default="", blank=True)
    answered_for = models.CharField(max_length=300, default="", blank=True)

    objects = LookCaseRows.as_manager()

    class Meta:
        indexes = [models.Index(fields=["answered_at", "answer_by"], name="portal_case_due")]
        constraints = [
            models.UniqueConstraint(fields=["person", "entry_id"], name="portal_case_once_a_look"),
            models.CheckConstraint(
                name="portal_case_answered_by_someone",
                condition=Q(answered_at__isnull=True, answer=b"", answered_by="") | (Q(answered_at__isnull=False) & ~Q(answered_by="")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_answered(self) -> bool:
        """Say whether the officer has answered."""
        return self.answered_at is not None
