"""A client that sends bytes as they are, a reader that takes every reading of a path that servers make, and paths that have worked elsewhere."""

import http.client
import posixpath
import re
import socket
import unicodedata
from urllib.parse import unquote

from hypothesis import strategies as st

from exchange_gateways import GRANTS

# -- a client that normalises nothing


class Wire:
    """Sends bytes as they are over a connection that it keeps as long as the gateway does."""

    def __init__(self, port):
        self.port = port
        self.connection = None

    def ask(self, target, lines, *, method=b"GET", body=b"{}"):
        framing = [b"Host: gateway", b"Content-Length: %d" % len(body)]
        data = b"\r\n".join([b"%s %s HTTP/1.1" % (method, target), *framing, *lines, b"", body])
        for fresh in (False, True):
            try:
                return self.once(data, fresh=fresh)
            except (OSError, http.client.HTTPException):
                if fresh:
                    return None  # refused by the server's parser without a word
        raise AssertionError

    def once(self, data, *, fresh):
        if fresh or self.connection is None:
            self.close()
            self.connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        self.connection.sendall(data)
        response = http.client.HTTPResponse(self.connection)
        response.begin()
        body = response.read()
        if response.will_close:
            self.close()
        return response.status, dict(response.headers.items()), body

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


# -- the reader: how servers may take a path, and what the agreements say

REWRITES = [
    lambda path: unquote(path, errors="replace"),
    lambda path: unquote(path, encoding="latin-1"),
    lambda path: path.replace("\\", "/"),
    lambda path: re.sub("/+", "/", path),
    lambda path: re.sub(";[^/]*", "", path),
    lambda path: unicodedata.normalize("NFKC", path),
    lambda path: unicodedata.normalize("NFC", path),
    posixpath.normpath,
    lambda path: re.split("[?#\0]", path)[0],
    lambda path: re.sub("[.\\s]+(?=/|$)", "", path) or "/",
    lambda path: re.sub("[\\x00-\\x20\\x7f\u200b\ufeff]", "", path),
]


def readings(path):
    """Return the path in every way that a server may read it, over and over."""
    found, left = set(), [path]
    while left:
        if (one := left.pop()) not in found:
            found.add(one)
            assert len(found) < 500
            left += [rewrite(one) for rewrite in REWRITES]
    return found


def fits(pattern, path):
    """Compare segment by segment, without a regular expression."""
    wanted, given = pattern.split("/"), path.split("/")
    if wanted[-1] == "**":
        return given[: len(wanted) - 1] == wanted[:-1] and len(given) >= len(wanted)
    return len(wanted) == len(given) and all(want == got or (want == "*" and got) for want, got in zip(wanted, given, strict=True))


def covered(client, method, purpose, path):
    return any(
        grant["client"] == client
        and grant["purpose"] == purpose
        and "until" not in grant
        and any(verb in ("*", method) and fits(pattern, path) for verb, pattern in grant["endpoints"])
        for grant in GRANTS.values()
    )


def said(lines, name):
    """Return the values of a header as they stood in the request."""
    pairs = [line.partition(b":") for line in lines]
    return [value.strip().decode("latin-1") for key, _, value in pairs if key.decode("latin-1").lower() == name]


# -- requests: mostly right, and wrong in ways that have worked elsewhere

WORDS = [
    "v1",
    "persons",
    "units",
    "look-up",
    "audit",
    "ended",
    "admin",
    "V1",
    "Persons",
    "a.b",
    "..a",
    "a..",
    "x=y",
    "a:b",
    "caf%C3%A9",
    "%20a",
]
TRICKS = [
    "..", ".", "...", "%2e%2e", "%2E%2e", ".%2e", "%2e", "%252e%252e", "%c0%ae%c0%ae", "%ef%bc%8e%ef%bc%8e", "%e2%80%a5", "..%00", "..%09", "..;", "..;x=y",
    ";", "%3b", "a;b", "a%3bb", "%2f", "%2F", "%252f", "a%2f..%2fb", "%5c", "..%5c", "\\", "..\\", "%ef%bc%8f", "%e2%81%84", "%ef%bc%bc",
    "", "%00", "%0d%0a", "%0a", "%7f", "%20", "%", "%zz", "%2", "%ff", "%C3", "e%CC%81", "%EF%BC%B61", "%76%31", "%70ersons", "%50ersons", "look-up%20",
    "%u002e%u002e", "?", "%3f", "#", "%23", "*", "**", "~", "%e2%80%8b", "%EF%BB%BF", "\xe9", " ", "\t",
]  # fmt: skip
segments = st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), st.sampled_from(TRICKS)), min_size=1, max_size=7)
ROOTS = ["/v1/persons/look-up", "/v1/persons", "/v1/units/06649", "/v1/units", "/v1/audit", "/v1/ended/x"]
paths = st.one_of(
    segments.map(lambda parts: "/" + "/".join(parts)),
    st.builds(lambda root, parts: root + "/" + "/".join(parts), st.sampled_from(ROOTS), segments),
    st.builds(lambda root, trick: root + trick, st.sampled_from(ROOTS), st.sampled_from(["", "", "", *TRICKS, "/", "//", "/.", "/.."])),
    st.builds(lambda root, at, trick: root[:at] + trick + root[at:], st.sampled_from(ROOTS), st.integers(0, 20), st.sampled_from(TRICKS)),
)
