"""The demonstration's country behind two real gateways, as dean06 up serves it: for foreign clients, fuzzers and newcomers."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass

from exchange_gateways import TESTS, Answered, Gateways

PEOPLE = 1500
SANDBOX = {"X-Road-Client": "VN/COM/DEMODEV/SANDBOX", "X-Exchange-Purpose": "sandbox", "Content-Type": "application/json"}


@dataclass
class Country(Gateways):
    """A seeded installation: consumer's and provider's gateway with the registers of the country behind them."""

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.consumer_port}"

    def prepare(self):
        self.run("database", "upgrade", role="owner")
        self.run("demo", "seed", "--people", str(PEOPLE))

    def start(self):
        for name, port in (("consumer_gateway", self.consumer_port), ("provider_gateway", self.provider_port)):
            with (self.folder / f"{name}.log").open("w") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", "dean06.site.gateway", f"dean06.site.asgi:{name}", "--port", str(port)],
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    cwd=TESTS,
                    start_new_session=True,
                )
        for port in (self.consumer_port, self.provider_port):
            self.wait(port)

    def people(self):
        """Return the sandbox's people, read from the installation's own population."""
        from dean06.demo.registers import people
        from dean06.demo.seed.world import population_in

        return [(one.number, one.full_name) for one in people._sandbox(population_in(self.folder), 5)]

    def ask(self, service, path, body, headers=SANDBOX):
        """Ask through the consumer's gateway with nothing but the standard library."""
        request = urllib.request.Request(
            f"{self.origin}/r1/{service}{path}", data=json.dumps(body).encode(), headers=dict(headers), method="POST"
        )
        try:
            answer = urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            return Answered(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read())
