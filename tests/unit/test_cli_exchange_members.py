"""Commands about members' keys: an identifier that begins with a dash is taken as one."""

import click
import pytest

from dean06.cli.exchange_members import approve, refuse, revoke_key


@pytest.mark.parametrize(
    ("command", "more", "options"),
    [
        (approve, ["--overlap-days", "3"], {"overlap_days": 3}),
        (refuse, ["--reason", "x"], {"reason": "x"}),
        (revoke_key, ["--reason", "x"], {"reason": "x"}),
    ],
)
@pytest.mark.parametrize("kid", ["-qReason", "--6tEQ", "6tEQ-r"])
def test_an_identifier_of_a_key_is_no_option_whatever_it_begins_with(command, more, options, kid):
    told = [command.make_context("x", words).params for words in (["VN/GOV/H49", kid, *more], [*more, "VN/GOV/H49", kid])]

    assert told == [{"name": "VN/GOV/H49", "kid": kid, **options}] * 2


def test_a_mistyped_option_is_still_refused():
    with pytest.raises(click.UsageError):
        approve.make_context("x", ["VN/GOV/H49", "6tEQ", "--overlap", "3"])
