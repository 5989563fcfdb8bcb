"""The same call in five languages, ready to paste: what the description and an agreement say, nothing else is needed.

Only libraries that come with each language are used.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

LANGUAGES: Final = ("curl", "Python", "JavaScript", "Java", "C#")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an information system to its own gateway.

    Attributes:
        method: upper case.
        address: whole URL at the consumer's gateway.
        headers: name and value, in order.
        body: JSON text; empty if there is none.
    """

    method: str
    address: str
    headers: Mapping[str, str]
    body: str = field(default="", repr=False)


def call_of(*, gateway: str, service: str, method: str, path: str, client: str, purpose: str, body: str) -> Call:
    """Return the call of an operation.

    Args:
        gateway: origin of the consumer's gateway.
        service: identifier, ``VN/GOV/G12/TAX/tax-codes``.
        method: of the operation.
        path: of the operation, with its placeholders.
        client: who asks.
        purpose: why.
        body: JSON text, or empty.
    """
    headers = {**({"Content-Type": "application/json"} if body else {}), "X-Road-Client": client, "X-Exchange-Purpose": purpose}
    return Call(method.upper(), f"{gateway}/r1/{service}{path}", headers, body)


def snippets(call: Call) -> dict[str, str]:
    """Return the call by language, in the order of ``LANGUAGES``."""
    return dict(zip(LANGUAGES, (curl(call), python(call), javascript(call), java(call), csharp(call)), strict=True))


def curl(call: Call) -> str:
    """Write it for a POSIX shell."""
    lines = [f"curl -sS -i -X {call.method} {_shell(call.address)}"]
    lines += [f"-H {_shell(f'{name}: {value}')}" for name, value in call.headers.items()]
    lines += [f"--data-raw {_shell(call.body)}"] if call.body else []
    return " \\\n  ".join(lines)


def python(call: Call) -> str:
    """Write it for Python's own ``urllib``; a refusal is an answer too."""
    headers = "".join(f"        {_text(name)}: {_text(value)},\n" for name, value in call.headers.items())
    data = f"    data={_text(call.body)}.encode(),\n" if call.body else ""
    return (
        "import urllib.error\nimport urllib.request\n\n"
        f"request = urllib.request.Request(\n    {_text(call.address)},\n    method={_text(call.method)},\n{data}"
        f"    headers={{\n{headers}    }},\n)\n"
        "try:\n    answer = urllib.request.urlopen(request, timeout=30)\nexcept urllib.error.HTTPError as refused:\n    answer = refused\n"
        'print(answer.status, answer.headers["X-Road-Request-Hash"])\nprint(answer.read().decode())\n'
    )


def javascript(call: Call) -> str:
    """Write it for ``fetch`` of Node 18 or later."""
    headers = "".join(f"    {_text(name)}: {_text(value)},\n" for name, value in call.headers.items())
    body = f"  body: {_text(call.body)},\n" if call.body else ""
    return (
        f"const answer = await fetch({_text(call.address)}, {{\n  method: {_text(call.method)},\n"
        f"  headers: {{\n{headers}  }},\n{body}}});\n"
        'console.log(answer.status, answer.headers.get("X-Road-Request-Hash"));\nconsole.log(await answer.text());\n'
    )


def java(call: Call) -> str:
    """Write it for ``java.net.http`` of Java 11 or later."""
    headers = "".join(f"            .header({_text(name)}, {_text(value)})\n" for name, value in call.headers.items())
    publisher = f"HttpRequest.BodyPublishers.ofString({_text(call.body)})" if call.body else "HttpRequest.BodyPublishers.noBody()"
    return (
        "import java.net.URI;\nimport java.net.http.*;\n\n"
        "public class Ask {\n    public static void main(String[] args) throws Exception {\n"
        f"        HttpRequest request = HttpRequest.newBuilder(URI.create({_text(call.address)}))\n{headers}"
        f"            .method({_text(call.method)}, {publisher})\n            .build();\n"
        "        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());\n"
        '        System.out.println(answer.statusCode() + " " + answer.headers().firstValue("X-Road-Request-Hash").orElse(""));\n'
        "        System.out.println(answer.body());\n    }\n}\n"
    )


def csharp(call: Call) -> str:
    """Write it for ``HttpClient`` of .NET 6 or later."""
    own = {name: value for name, value in call.headers.items() if name != "Content-Type"}
    headers = "".join(f"request.Headers.Add({_text(name)}, {_text(value)});\n" for name, value in own.items())
    content = f'request.Content = new StringContent({_text(call.body)}, Encoding.UTF8, "application/json");\n' if call.body else ""
    return (
        "using System.Net.Http;\nusing System.Text;\n\nusing var client = new HttpClient();\n"
        f"var request = new HttpRequestMessage(new HttpMethod({_text(call.method)}), {_text(call.address)});\n{headers}{content}"
        "using var answer = await client.SendAsync(request);\n"
        'var hash = answer.Headers.TryGetValues("X-Road-Request-Hash", out var values) ? string.Join(",", values) : "";\n'
        'Console.WriteLine($"{(int)answer.StatusCode} {hash}");\nConsole.WriteLine(await answer.Content.ReadAsStringAsync());\n'
    )


def _shell(text: str) -> str:
    escaped = text.replace("'", "'\\''")
    return f"'{escaped}'"


def _text(text: str) -> str:
    """Write a string literal that all four languages read alike: JSON's escapes are theirs too."""
    return json.dumps(text)
