"""A collector of tests: reads OTLP/HTTP with OpenTelemetry's own message definitions, strictly, and answers as it is told."""

import base64
import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

IDS = {"traceId", "spanId", "parentSpanId"}


@dataclass
class Receiver:
    """What came, and what is to be answered."""

    address: str
    requests: list = field(default_factory=list)
    answers: list = field(default_factory=list)  # statuses and bodies, in turn; then 200

    def spans(self):
        """Return every span with the name of the service that made it."""
        found = []
        for request in list(self.requests):
            for group in request.resource_spans:
                made_by = {one.key: one.value.string_value for one in group.resource.attributes}["service.name"]
                found += [(made_by, span) for scope in group.scope_spans for span in scope.spans]
        return found


def read(body):
    """Read the JSON form; its ids are hexadecimal digits where protobuf's own JSON has base64 (OTLP specification)."""

    def as_protobuf(pairs):
        return {
            name: base64.b64encode(bytes.fromhex(value)).decode() if name in IDS and isinstance(value, str) else value
            for name, value in pairs
        }

    known = json.loads(body, object_pairs_hook=as_protobuf)
    return json_format.ParseDict(known, ExportTraceServiceRequest(), ignore_unknown_fields=False)


@contextlib.contextmanager
def receiver():
    """Yield a collector that listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.path == "/v1/traces"
            assert self.headers["content-type"] == "application/json"
            body = self.rfile.read(int(self.headers["content-length"]))
            status, said = running.answers.pop(0) if running.answers else (200, b"{}")
            if status == 200:
                running.requests.append(read(body))
            self.send_response(status)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
