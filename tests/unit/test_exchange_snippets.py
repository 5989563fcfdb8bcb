"""Snippets hold what a call needs, whatever signs stand in it."""

import ast
import json
import shlex

import pytest

from dean06.exchange.developer.snippets import LANGUAGES, call_of, snippets

BODY = '{"name": "Nguyễn Thị O\'Mẫu \\"x\\"", "note": "$HOME `id` \\\\"}'


@pytest.fixture
def call():
    return call_of(
        gateway="http://localhost:8062",
        service="VN/GOV/G12/TAX/tax-codes",
        method="post",
        path="/v1/tax-codes/look-up",
        client="VN/COM/DEMODEV/SANDBOX",
        purpose="sandbox",
        body=BODY,
    )


def test_there_is_one_for_each_language(call):
    assert tuple(snippets(call)) == LANGUAGES
    for text in snippets(call).values():
        assert "http://localhost:8062/r1/VN/GOV/G12/TAX/tax-codes/v1/tax-codes/look-up" in text
        assert "VN/COM/DEMODEV/SANDBOX" in text


def test_a_shell_hands_curl_exactly_these_words(call):
    words = shlex.split(snippets(call)["curl"])

    assert words[words.index("--data-raw") + 1] == BODY
    assert "X-Exchange-Purpose: sandbox" in words


def test_python_reads_the_same_body(call):
    tree = ast.parse(snippets(call)["Python"])
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]

    assert json.loads(BODY) in [json.loads(text) for text in texts if text.startswith("{")]


def test_without_a_body_nothing_is_sent():
    call = call_of(gateway="http://g", service="VN/A/B/C/d", method="GET", path="/v1/x", client="c", purpose="p", body="")

    assert "Content-Type" not in "".join(snippets(call).values())
    assert "--data" not in snippets(call)["curl"]
