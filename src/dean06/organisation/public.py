"""What other modules may use of organisation."""

from dean06.organisation.actions import (
    appoint,
    approve_appointment,
    end_appointment,
    establish_post,
    establish_unit,
    propose_appointment,
    record_absence,
    reject_appointment,
)
from dean06.organisation.domain.mandates import COUNTRY, ROLES, SENSITIVE_ROLES, UNIT_KINDS
from dean06.organisation.queries import (
    HeldPost,
    OrgUnit,
    Post,
    covers,
    holders_of,
    org_unit,
    org_units,
    post,
    posts_held_by,
    posts_in,
    unit_for,
)

__all__ = [
    "COUNTRY",
    "ROLES",
    "SENSITIVE_ROLES",
    "UNIT_KINDS",
    "HeldPost",
    "OrgUnit",
    "Post",
    "appoint",
    "approve_appointment",
    "covers",
    "end_appointment",
    "establish_post",
    "establish_unit",
    "holders_of",
    "org_unit",
    "org_units",
    "post",
    "posts_held_by",
    "posts_in",
    "propose_appointment",
    "record_absence",
    "reject_appointment",
    "unit_for",
]
