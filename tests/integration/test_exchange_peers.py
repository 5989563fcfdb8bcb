"""Certificates of gateways in the signed configuration: named, renewed with an overlap, revoked; nobody else is spoken with."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from dean06.cli.exchange_gateways import gateways
from dean06.core.actor import SYSTEM, Actor
from dean06.core.config import HopFiles
from dean06.exchange import hop, snapshot
from dean06.exchange.configuration import publishing
from dean06.exchange.configuration.gateways import gateway_certificates, name_certificate, revoke_certificate
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import (
    GatewayCertificateNotFound,
    GatewayCertificateUnusable,
    NotInAgreementOffice,
    PeerNotNamed,
    UnknownMember,
)
from dean06.exchange.models import ConfigurationState, Member
from dean06.exchange.peers import fingerprint, hosted
from dean06.exchange.tasks import renew_gateway_files
from dean06.exchange.verifying import verified
from dean06.signing.errors import KeyNotFound
from dean06.signing.public import rotate, signer, trust_anchor_pem
from exchange_agreements_world import START, morning_with_new_keys, world_of_agreements
from gateway_certificates import der, of_version_1, pem, self_signed, unreadable, usage

pytestmark = pytest.mark.django_db
BANK = "VN/COM/DEMOBANK"
REGISTER = "VN/GOV/G01"


@pytest.fixture
def clock(tmp_path, settings):
    with morning_with_new_keys(tmp_path, settings) as travelling:
        yield travelling


@pytest.fixture
def world(clock, tmp_path):
    world_of_agreements(tmp_path)
    Member.objects.filter(member_code="DEMOBANK").update(gateway="https://bank.example:8404")
    return clock


def made(name="bank.example", *, days=365, extensions=()):
    """Make a certificate that signs itself, as an agency's own authority or any other would."""
    since, until = START - timedelta(days=400), START + timedelta(days=days)
    return self_signed(name, since=since, until=until, extensions=extensions)[0]


def sha256(certificate):
    return fingerprint(der(certificate))


def states():
    """Return what gateways here and gateways elsewhere go by."""
    raw = publishing.publish().token.encode()
    configuration = verified(raw, anchors_pem=trust_anchor_pem(), at=datetime.now(UTC))
    return snapshot.read(configuration.version), snapshot.read_shared(configuration.content, version=configuration.version)


def speaks_for(member, shown):
    """Say whether a certificate counts for a member; gateways here and elsewhere must agree."""
    here, elsewhere = (one.is_gateway_of(one.members[member], shown) for one in states())
    assert here == elsewhere
    return here


def test_a_named_certificate_counts_for_its_member_alone(world):
    certificate = made()
    name_certificate(member=BANK, certificate_pem=pem(certificate), actor=SYSTEM)

    assert speaks_for(BANK, sha256(certificate))
    assert not speaks_for(REGISTER, sha256(certificate))
    for state in states():
        assert der(certificate) in state.certificates
        with pytest.raises(PeerNotNamed, match=sha256(certificate)):
            state.check_gateway(state.member(ClientId.parse(f"{REGISTER}/POPULATION")), sha256(certificate))


def test_the_gateway_of_this_installation_counts_for_those_whom_it_serves(world):
    shown = sha256(hop.ensure_identity().certificate)

    assert speaks_for(REGISTER, shown)
    assert not speaks_for(BANK, shown)
    assert not speaks_for(REGISTER, "")


def test_a_renewal_overlaps_and_another_gateway_replaces_nothing(world):
    first, second, third = (made(name) for name in ("one", "two", "three"))
    for certificate in (first, second):
        name_certificate(member=BANK, certificate_pem=pem(certificate), actor=SYSTEM)
    name_certificate(member=BANK, certificate_pem=pem(third), actor=SYSTEM, is_further=True)
    assert all(speaks_for(BANK, sha256(one)) for one in (first, second, third))

    world.shift(timedelta(days=7))

    assert [speaks_for(BANK, sha256(one)) for one in (first, second, third)] == [False, True, True]


def test_naming_again_leaves_all_as_it_is_but_takes_back_a_renewal(world):
    first, second, third = (made(name) for name in ("one", "two", "three"))

    def name(certificate, **options):
        return name_certificate(member=BANK, certificate_pem=pem(certificate), actor=SYSTEM, **options)

    name(first)
    name(third, is_further=True)
    number = ConfigurationState.objects.get().version
    name(first)
    assert ConfigurationState.objects.get().version == number
    name(second)
    world.shift(timedelta(days=8))
    assert [speaks_for(BANK, sha256(one)) for one in (first, second, third)] == [False, True, False]

    name(first)

    assert [speaks_for(BANK, sha256(one)) for one in (first, second, third)] == [True, True, False]
    world.shift(timedelta(days=8))
    assert [speaks_for(BANK, sha256(one)) for one in (first, second, third)] == [True, False, False]


def test_a_certificate_counts_until_its_end_and_no_longer(world):
    certificate = made(days=3)
    name_certificate(member=BANK, certificate_pem=pem(certificate), actor=SYSTEM)

    world.shift(timedelta(days=2))
    assert speaks_for(BANK, sha256(certificate))
    world.shift(timedelta(days=1))
    assert not speaks_for(BANK, sha256(certificate))


def test_a_revoked_certificate_counts_no_longer_and_does_not_come_back(world):
    certificate = made()
    name_certificate(member=BANK, certificate_pem=pem(certificate), actor=SYSTEM)
    number = ConfigurationState.objects.get().version

    colons = ":".join(sha256(certificate)[place : place + 2].upper() for place in range(0, 64, 2))
    revoke_certificate(member=BANK, sha256=colons, reason="mất ổ đĩa", actor=SYSTEM)

    assert not speaks_for(BANK, sha256(certificate))
    assert ConfigurationState.objects.get().version > number
    for again in (
        lambda: name_certificate(member=BANK, certificate_pem=pem(certificate), actor=SYSTEM),
        lambda: revoke_certificate(member=BANK, sha256=colons, reason="again", actor=SYSTEM),
        lambda: revoke_certificate(member=BANK, sha256="00", reason="unknown", actor=SYSTEM),
    ):
        with pytest.raises(GatewayCertificateNotFound):
            again()


def test_the_certificate_of_this_installation_can_be_revoked_for_one_member(world):
    shown = sha256(hop.ensure_identity().certificate)

    revoke_certificate(member=REGISTER, sha256=shown, reason="khóa lộ", actor=SYSTEM)

    assert not speaks_for(REGISTER, shown)
    assert [(row.sha256, row.is_named, row.certificate) for row in gateway_certificates()] == [(shown, False, "")]


def test_the_operator_sees_what_is_named_and_what_was_revoked(world):
    named, revoked = made("one"), made("two")
    for certificate in (named, revoked):
        name_certificate(member=BANK, certificate_pem=pem(certificate), actor=SYSTEM, is_further=True)
    revoke_certificate(member=BANK, sha256=sha256(revoked), reason="mất ổ đĩa", actor=SYSTEM)
    ends = named.not_valid_after_utc.isoformat()

    lines = CliRunner().invoke(gateways, []).output.splitlines()
    rows = json.loads(CliRunner().invoke(gateways, ["--json"]).output)

    assert lines == [f"{BANK}  {sha256(revoked)}  revoked  {ends}", f"{BANK}  {sha256(named)}  named  {ends}"]
    assert rows[1] == {"member": BANK, "sha256": sha256(named), "state": "named", "not_after": ends}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        pem(made()) + pem(made()),
        pem(made(days=-1)),
        pem(made()) + b" " * 17_000,
        pem(made(extensions=[x509.BasicConstraints(ca=True, path_length=None)])),
        pem(made(extensions=[usage("key_cert_sign")])),
        pem(of_version_1(made())),
        pem(unreadable(made(), "bank.example")),
        pem(made(extensions=[x509.UnrecognizedExtension(x509.OID_BASIC_CONSTRAINTS, b"\x04")])),
    ],
    ids=["empty", "text", "broken", "two", "ended", "long", "authority", "may_issue", "version_1", "not_for_openssl", "bad_extension"],
)
def test_what_is_no_certificate_of_a_gateway_is_not_named(world, text):
    with pytest.raises(GatewayCertificateUnusable):
        name_certificate(member=BANK, certificate_pem=text, actor=SYSTEM)

    assert gateway_certificates() == []


def test_only_the_operator_names_and_only_members_are_named(world):
    stranger = Actor(account="someone")

    with pytest.raises(NotInAgreementOffice):
        name_certificate(member=BANK, certificate_pem=pem(made()), actor=stranger)
    with pytest.raises(NotInAgreementOffice):
        revoke_certificate(member=BANK, sha256="00", reason="", actor=stranger)
    with pytest.raises(UnknownMember):
        name_certificate(member="VN/GOV/NOBODY", certificate_pem=pem(made()), actor=SYSTEM)
    assert gateway_certificates() == []


def test_a_prepared_certificate_is_known_before_it_is_shown(clock):
    former = hop.ensure_identity()
    waiting = hop.prepare()
    assert hop.prepare().kid == waiting.kid  # asked again, it is the same
    assert hosted().keys() == {sha256(former.certificate), sha256(waiting.certificate)}
    assert hop.ensure_identity().kid == former.kid

    hop.switch()

    assert hop.identity().kid == waiting.kid
    assert hop.identity().certificate == pem(waiting.certificate)
    assert signer(hop.KEY).sign_raw(b"x")  # its private key came with it
    with pytest.raises(KeyNotFound):
        hop.switch()
    assert hop.prepare().kid != waiting.kid
    clock.shift(timedelta(days=2))
    assert sha256(former.certificate) not in hosted()


def test_what_was_prepared_and_shown_counts_no_longer_once_it_is_replaced(clock):
    hop.ensure_identity()
    leaked = sha256(hop.prepare().certificate)
    hop.switch()

    rotate(hop.KEY)

    assert leaked in hosted()  # connections that showed it are still there
    clock.shift(timedelta(days=2))
    assert leaked not in hosted()


def test_a_key_that_was_renewed_in_need_is_not_followed_by_an_older_one(clock):
    hop.ensure_identity()
    stale = hop.prepare()
    clock.shift(timedelta(days=10))

    rotate(hop.KEY)

    assert hop.prepare().kid != stale.kid


def test_renewal_without_hands_prepares_a_month_before_it_shows(clock):
    first = hop.ensure_identity()
    ends = first.certificate.not_valid_after_utc
    clock.move_to(ends - timedelta(days=36))
    assert hop.ensure_identity().kid == first.kid
    prepared = signer(hop.NEXT).kid

    clock.move_to(ends - timedelta(days=6))

    assert hop.ensure_identity().kid == prepared
    assert hop.ensure_identity().kid == prepared


@pytest.fixture
def files(clock, tmp_path, settings, monkeypatch):
    """Let the server of this installation's gateway read its certificate from a directory of the test's."""
    settings.DEAN06_HOP_TLS = "own"
    found = HopFiles(*(tmp_path / "tls" / name for name in ("gateway.pem", "gateway.key", "authorities.pem")))
    monkeypatch.setattr(hop, "config", lambda: SimpleNamespace(host="127.0.0.1", hop_files=found))
    return found


def test_the_server_shows_what_followed_without_hands(clock, files):
    hop.write_files()
    first = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    assert not renew_gateway_files()

    clock.move_to(first.not_valid_after_utc - timedelta(days=6))

    assert renew_gateway_files()
    assert x509.load_pem_x509_certificate(files.certificate.read_bytes()) == signer(hop.KEY).certificate != first
    key = load_pem_private_key(files.key.read_bytes(), None)
    assert key.public_key() == signer(hop.KEY).certificate.public_key()
    assert not renew_gateway_files()


@pytest.mark.parametrize("has_files", [False, True])
def test_where_a_proxy_or_another_machine_shows_the_certificate_no_file_is_written(files, settings, has_files):
    if has_files:
        hop.write_files()
        files.certificate.write_text("another")
        settings.DEAN06_HOP_TLS = "external"

    assert not renew_gateway_files()

    assert files.certificate.exists() == has_files
    assert not has_files or files.certificate.read_text() == "another"


def test_an_installation_that_slept_through_its_renewal_shows_nothing_that_ended(clock):
    first = hop.ensure_identity()
    clock.move_to(first.certificate.not_valid_after_utc - timedelta(days=36))
    hop.ensure_identity()
    clock.move_to(signer(hop.NEXT).certificate.not_valid_after_utc + timedelta(days=1))

    assert hop.ensure_identity().certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=300)
