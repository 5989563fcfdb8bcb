"""The main navigation says where the reader is, also on pages that lie beside the address of their entry."""

import pytest

from dean06.core.actor import ANONYMOUS, Actor
from dean06.site.context import navigation

OPERATOR = Actor(account="operator-1", roles=frozenset({"operator"}))


def here(rf, path, actor=OPERATOR):
    """Return the labels that are marked as the present place."""
    request = rf.get(path)
    request.actor = actor
    return [item.label for item in navigation(request)["navigation"] if item.is_current]


@pytest.mark.parametrize(
    "path", ["/exchange/keys", "/exchange/keys/7", "/exchange/gateways", "/exchange/gateways/new", "/exchange/groups/BANKS/join"]
)
def test_keys_gateways_and_groups_are_one_entry(rf, path):
    assert here(rf, path) == ["Khóa và nhóm"]


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/", "Trang chủ"),
        ("/me", "Dữ liệu của tôi"),
        ("/me/looks", "Dữ liệu của tôi"),
        ("/me/dossiers", "Hồ sơ"),
        ("/exchange/agreements/new", "Thỏa thuận dữ liệu"),
        ("/exchange/operations", "Vận hành trao đổi"),
    ],
)
def test_the_entry_whose_address_fits_longest_is_the_present_one(rf, path, label):
    assert here(rf, path) == [label]


@pytest.mark.parametrize("path", ["/exchange/gateways-elsewhere", "/exchange", "/about"])
def test_a_page_of_no_entry_marks_none(rf, path):
    assert here(rf, path) == []


def test_who_has_no_such_entry_sees_none_marked(rf):
    assert here(rf, "/exchange/gateways", actor=ANONYMOUS) == []
