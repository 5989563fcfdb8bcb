"""What other modules may use of exchange."""

from dean06.exchange.agreements.alterations import verify_all as verify_agreements
from dean06.exchange.bodies.shredding import kept_days
from dean06.exchange.bodies.shredding import shred as shred_bodies
from dean06.exchange.calling import call as _call
from dean06.exchange.configuration.enrolling import (
    approve_key,
    keys_of_members,
    readmit_member,
    refuse_key,
    request_key,
    revoke_key,
    revoke_member,
)
from dean06.exchange.configuration.gateways import gateway_certificates, name_certificate, revoke_certificate
from dean06.exchange.configuration.publishing import publish as publish_configuration
from dean06.exchange.descriptions import breaks_between, findings_in, warnings_since
from dean06.exchange.developer.sandbox import register_sandbox
from dean06.exchange.domain.agreements import Agreement, LegalBasis
from dean06.exchange.domain.answering import Answer, Handler, ProviderRequest, ProviderResponse
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.domain.telling import is_told
from dean06.exchange.events.actions import forget_target, register_target, replay, retry_dead
from dean06.exchange.events.actions import tell as tell_event
from dean06.exchange.events.loading import load_event_types
from dean06.exchange.events.openapi import events_openapi
from dean06.exchange.events.queries import dead_letters, event_types
from dean06.exchange.events.queries import overview as event_subscriptions
from dean06.exchange.events.queries import targets as event_targets
from dean06.exchange.events.service import events_provider, register_subject_resolver
from dean06.exchange.hop import certificate_pem as hop_certificate_pem
from dean06.exchange.hop import ensure_identity as ensure_hop
from dean06.exchange.hop import prepare as prepare_hop
from dean06.exchange.hop import switch as switch_hop
from dean06.exchange.hop import write_files as write_hop_files
from dean06.exchange.loading import load_agreements, load_members
from dean06.exchange.ngsp.credentials import credentials, issue_credential, revoke_credential
from dean06.exchange.ngsp.loading import load_front
from dean06.exchange.operations.counting import counted
from dean06.exchange.operations.open_data import document as open_data_document
from dean06.exchange.operations.open_data import table as open_data_table
from dean06.exchange.operations.recording import record_calls
from dean06.exchange.providing import register_provider
from dean06.exchange.proving.bundles import evidence_bundle, note_hand_out
from dean06.exchange.proving.messages import SignaturesSeen, verify_messages
from dean06.exchange.queries import agreements, member_name
from dean06.exchange.usage import usage_openapi, usage_provider
from dean06.exchange.verifying import verified as verified_configuration

call = counted(_call)

__all__ = [
    "Agreement",
    "Answer",
    "ClientId",
    "Handler",
    "LegalBasis",
    "ProviderRequest",
    "ProviderResponse",
    "SignaturesSeen",
    "agreements",
    "approve_key",
    "breaks_between",
    "call",
    "credentials",
    "dead_letters",
    "ensure_hop",
    "event_subscriptions",
    "event_targets",
    "event_types",
    "events_openapi",
    "events_provider",
    "evidence_bundle",
    "findings_in",
    "forget_target",
    "gateway_certificates",
    "hop_certificate_pem",
    "is_told",
    "issue_credential",
    "kept_days",
    "keys_of_members",
    "load_agreements",
    "load_event_types",
    "load_front",
    "load_members",
    "member_name",
    "name_certificate",
    "note_hand_out",
    "open_data_document",
    "open_data_table",
    "prepare_hop",
    "publish_configuration",
    "readmit_member",
    "record_calls",
    "refuse_key",
    "register_provider",
    "register_sandbox",
    "register_subject_resolver",
    "register_target",
    "replay",
    "request_key",
    "retry_dead",
    "revoke_certificate",
    "revoke_credential",
    "revoke_key",
    "revoke_member",
    "shred_bodies",
    "switch_hop",
    "tell_event",
    "usage_openapi",
    "usage_provider",
    "verified_configuration",
    "verify_agreements",
    "verify_messages",
    "warnings_since",
    "write_hop_files",
]
