"""What other modules may use of signing."""

from dean06.signing.backend import PublicKey, Usage
from dean06.signing.documents import add_signature_fields, inspect_pdf, sign_pdf
from dean06.signing.endpoints import timestamp_endpoint
from dean06.signing.enrolment import Certified, certificate_request, certify_member, read_certificate, read_spki, requested_key, sealing_key
from dean06.signing.errors import TimestampRefused, TimestampWrong
from dean06.signing.keys import KeyState, PublishedKey, Signer, ensure_key, key_states, published_keys, signer
from dean06.signing.keys import is_valid_signature as verify_raw
from dean06.signing.signatures import FieldBox, Finding, PdfSignature
from dean06.signing.stamps import stamped_at
from dean06.signing.timestamps import answer_timestamp_query, timestamp
from dean06.signing.tls import ShownCertificate, TlsIdentity, shown_certificates, take_over, tls_identity, write_tls_files
from dean06.signing.trust import KeptKey, certificates_above, chain_pem, ensure_trust, kept_keys, rotate, rotation_order, trust_anchor_pem

__all__ = [
    "Certified",
    "FieldBox",
    "Finding",
    "KeptKey",
    "KeyState",
    "PdfSignature",
    "PublicKey",
    "PublishedKey",
    "ShownCertificate",
    "Signer",
    "TimestampRefused",
    "TimestampWrong",
    "TlsIdentity",
    "Usage",
    "add_signature_fields",
    "answer_timestamp_query",
    "certificate_request",
    "certificates_above",
    "certify_member",
    "chain_pem",
    "ensure_key",
    "ensure_trust",
    "inspect_pdf",
    "kept_keys",
    "key_states",
    "published_keys",
    "read_certificate",
    "read_spki",
    "requested_key",
    "rotate",
    "rotation_order",
    "sealing_key",
    "shown_certificates",
    "sign_pdf",
    "signer",
    "stamped_at",
    "take_over",
    "timestamp",
    "timestamp_endpoint",
    "tls_identity",
    "trust_anchor_pem",
    "verify_raw",
    "write_tls_files",
]
