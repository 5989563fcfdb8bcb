"""What was authorised is what is forwarded: one canonical form of a path, or none."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.exchange.domain.paths import canonical_path, canonical_query
from dean06.exchange.errors import MalformedPath

TRICKS = ["..", ".", "%2e%2e", "%2E.", ".%2e", "%2f", "%2F", "%5c", "\\", ";", "%3b", "%00", "%0d%0a", "//", "%252e%252e", "%25", "%c0%ae"]
TRICKS += [
    "%ef%bc%8e%ef%bc%8e",
    "%ef%bc%8f",
    "%e2%80%a5",
    "%EF%BC%9B",
    " ",
    "%20",
    "%",
    "%zz",
    "é",
    "%C3%A9",
    "e%CC%81",
    "a",
    "v1",
    "persons",
]
raw_paths = st.lists(st.sampled_from(TRICKS) | st.text(max_size=6), max_size=8).map(lambda parts: "/" + "/".join(parts))


@pytest.mark.parametrize(
    "raw",
    [
        "/a/../b",
        "/a/./b",
        "/a/%2e%2e/b",
        "/a/.%2E/b",
        "/%2e",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a\\b",
        "/a;b",
        "/a%3Bb",
        "/a//b",
        "//a",
        "/a//",
        "/a%00",
        "/a%0d%0ab",
        "/a%252e",
        "/%252e%252e/b",
        "/%c0%ae%c0%ae/b",
        "/%ff",
        "/%",
        "/%2",
        "/%zz",
        "/a\tb",
        "/%20",
        "/é",
        "/%EF%BC%8E%EF%BC%8E/b",
        "/%EF%BC%8F",
        "/%E2%80%A5",
        "/%EF%BC%9B",
        "/e%CC%81",
        "/a%3Fb",
        "/a%23b",
        "a/b",
        "/" + "a" * 2001,
    ],
)
def test_a_path_that_two_servers_could_read_differently_is_refused(raw):
    with pytest.raises(MalformedPath):
        canonical_path(raw)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("", "/"),
        ("/", "/"),
        ("/v1/persons/look-up", "/v1/persons/look-up"),
        ("/v1/persons/", "/v1/persons/"),
        ("/%76%31", "/v1"),
        ("/%c3%a9", "/%C3%A9"),
        ("/a.b/..c/d..", "/a.b/..c/d.."),
        ("/a%7Eb", "/a~b"),
        ("/a:b@c", "/a:b@c"),
        ("/a%20b", "/a%20b"),
    ],
)
def test_an_unambiguous_path_has_one_form(raw, canonical):
    assert canonical_path(raw) == canonical


@given(raw_paths)
def test_a_canonical_path_is_a_fixed_point_and_hides_nothing(raw):
    try:
        canonical = canonical_path(raw)
    except MalformedPath:
        return

    assert canonical_path(canonical) == canonical
    assert canonical.isascii()
    decoded = unquote(canonical, errors="strict")
    assert unquote(decoded, errors="strict") == decoded  # a server that decodes twice sees the same
    segments = decoded.split("/")
    assert canonical.count("/") == decoded.count("/")  # no slash was hidden
    assert all(segments[1:-1])
    assert not {".", ".."} & set(segments)
    assert not set("\\;?#") & set(decoded)


@pytest.mark.parametrize("raw", ["a=1&b=%20", "", "q=a+b", "x=/y?z"])
def test_a_query_passes_unchanged(raw):
    assert canonical_query(raw) == raw


@pytest.mark.parametrize("raw", ["a=%", "a=%0d%0a", "a=%00", "a b", "é", "a#b", "a" * 2001])
def test_a_query_with_stray_or_hidden_signs_is_refused(raw):
    with pytest.raises(MalformedPath):
        canonical_query(raw)
