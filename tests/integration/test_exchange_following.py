"""Two running gateways that follow a signed configuration in a file: calls go by it, a member that is shut out is out within seconds."""

import time

import pytest

from exchange_gateways import POPULATION, Gateways, database, refusal
from free_ports import free_ports

MEMBER = "VN/COM/DEMOBANK"


class FollowingGateways(Gateways):
    """Gateways that believe what the registry signed, not what lies in the database beside them."""

    is_following = False

    @property
    def published(self):
        return self.folder / "configuration.jws"

    @property
    def environment(self):
        if not self.is_following:
            return super().environment
        return {
            **super().environment,
            "DEAN06_EXCHANGE_CONFIGURATION": str(self.published),
            "DEAN06_EXCHANGE_TRUST_ANCHOR": str(self.folder / "root.pem"),
            "DEAN06_EXCHANGE_REFRESH_SECONDS": "0.5",
        }

    def registry(self, *arguments):
        """Run a command of the registry, which goes by its database."""
        self.is_following = False
        try:
            return self.run(*arguments).stdout
        finally:
            self.is_following = True

    def publish(self):
        return self.registry("exchange", "configuration", "publish", "--output", str(self.published))


@pytest.fixture(scope="module")
def following(postgres, tmp_path_factory):
    with database(postgres) as url:
        running = FollowingGateways(tmp_path_factory.mktemp("following"), url, *free_ports(3))
        running.prepare()
        (running.folder / "root.pem").write_text(running.registry("keys", "trust"))
        running.publish()
        try:
            running.start()
            assert asked(running).status == 200  # a gateway takes up its first configuration with its first call
            yield running
        finally:
            running.stop()


def asked(gateways, *, until=None, seconds=90):
    """Ask; ask again until the answer is refused with a code (None: answered), as gateways look twice a second."""
    ends = time.monotonic() + seconds
    while True:
        answered = gateways.curl(f"{POPULATION}/v1/persons/look-up")
        if refusal(answered)[1] == until or time.monotonic() > ends:
            return answered
        time.sleep(0.3)


def test_calls_go_by_the_signed_configuration_and_a_shut_out_member_is_out_within_seconds(following):
    assert asked(following).status == 200

    following.registry("exchange", "member", "shut-out", MEMBER, "--reason", "gateway taken over")
    assert following.curl(f"{POPULATION}/v1/persons/look-up").status == 200  # the database alone changes nothing
    following.publish()
    assert refusal(asked(following, until="exchange.member_revoked"))[1] == "exchange.member_revoked"

    following.registry("exchange", "member", "readmit", MEMBER, "--reason", "keys renewed")
    following.publish()
    assert asked(following).status == 200


def test_a_forged_file_changes_nothing_and_a_restart_without_the_registry_serves(following):
    good = following.published.read_text()
    following.published.write_text(good[:-5] + ("AAAAA" if good[-5:] != "AAAAA" else "BBBBB"))
    time.sleep(1.5)
    assert asked(following).status == 200

    for name in ("consumer_gateway", "provider_gateway"):
        following.restart(name)
    assert asked(following).status == 200

    checked = following.registry(
        "exchange",
        "configuration",
        "verify",
        str(following.folder / "exchange" / "configuration.jws"),
        "--anchor",
        str(following.folder / "root.pem"),
    )
    assert '"members": 4' in checked
    following.published.write_text(good)  # whatever comes next finds the registry as it was
