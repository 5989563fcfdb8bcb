"""What the pages of members' keys and of their gateways' certificates share: whose they show, to whom, and for whom one may enter."""

from typing import TypeVar

from django.db.models import Q, QuerySet

from dean06.core.databases import database_of
from dean06.exchange.agreements.authority import REQUESTER, Office, belongs
from dean06.exchange.models import HeldByMember, Member

Held = TypeVar("Held", bound=HeldByMember)


def held_for(office: Office, model: type[Held]) -> QuerySet[Held]:
    """Return what members hold of one kind, as far as a person may see it: an operator all, others what their agency holds."""
    rows: QuerySet[Held] = QuerySet(model, using=database_of("exchange")).select_related("member")
    return rows if office.is_operator else rows.filter(member__member_code__in=office.member_codes)


def of_member(text: str) -> Q:
    """Say whose member's name or code has the words, for a search in what members hold."""
    return Q(member__name__icontains=text) | Q(member__member_code__icontains=text)


def members_for(office: Office) -> list[tuple[str, str]]:
    """Return the members for which a person may enter a request."""
    rows = Member.objects.using(database_of("exchange")).order_by("name")
    units = [post.unit_code for post in office.posts if REQUESTER in post.roles]
    return [(str(row), f"{row.name} · {row}") for row in rows if office.is_operator or any(belongs(unit, str(row)) for unit in units)]
