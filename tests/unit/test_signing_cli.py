"""Keys at the terminal."""

import json

import pytest
from click.testing import CliRunner
from cryptography import x509

from dean06.cli.main import cli


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path):
    settings.DEAN06_KEY_DIR = tmp_path / "keys"


def run(*arguments):
    return CliRunner().invoke(cli, ["keys", *arguments])


def listed():
    return {row["name"]: row for row in json.loads(run("list", "--json").output)}


def test_keys_are_made_once_and_listed_without_secrets():
    assert "keys ensure" in run("list").output
    assert run("ensure").exit_code == 0
    first = listed()

    run("ensure")

    assert set(first) == {"ca.root", "ca.issuing", "tsa", "ledger", "oidc"}
    assert listed() == first
    assert first["ledger"]["algorithm"] == "Ed25519"
    assert "ca.root" in run("list").output
    assert "private" not in run("list", "--json").output.lower()


def test_one_key_or_all_are_renewed():
    run("ensure")
    before = listed()

    assert run("rotate", "oidc").exit_code == 0
    after_one = listed()
    assert run("rotate", "--all").exit_code == 0
    after_all = listed()

    assert [name for name in before if before[name]["kid"] != after_one[name]["kid"]] == ["oidc"]
    assert all(after_one[name]["kid"] != after_all[name]["kid"] for name in before)
    assert after_all["oidc"]["versions"] == 3


def test_the_root_is_printed_as_pem():
    run("ensure")

    root = x509.load_pem_x509_certificate(run("trust").output.encode())

    assert root.issuer == root.subject


def test_what_is_foreseen_is_a_sentence_and_an_exit_code():
    run("ensure")

    unknown = run("rotate", "officer.nobody")

    assert unknown.exit_code == 3
    assert "signing.key_not_found" in unknown.output
    assert run("rotate").exit_code == 2
    assert run("rotate", "oidc", "--all").exit_code == 2


def test_a_wrong_passphrase_is_named(settings):
    run("ensure")
    settings.DEAN06_KEY_PASSPHRASE = "sai"

    refused = run("list")

    assert refused.exit_code == 5
    assert "signing.keystore_locked" in refused.output
