#!/bin/sh
# A new service, from an empty directory to its first foreign call. Needs a running installation (dean06 up) and plain curl.
#
#     sh scripts/share_a_new_service.sh [DIRECTORY]
#
# GATEWAY: origin of the consumer's gateway; PORT: where the new program listens; DEAN06 and PYTHON: the commands, if they have other names.
set -eu
directory=${1:-new-service}
gateway=${GATEWAY:-http://127.0.0.1:8062}
port=${PORT:-8099}
dean06=${DEAN06:-dean06}
python=${PYTHON:-python3}
mkdir -p "$directory"
cd "$directory"

echo "1. The program: an information system as any agency may have one (WSGI, nothing but Python)"
cat > library.py <<'PROGRAM'
"""Opening hours of invented libraries."""

import json
import sys
from wsgiref.simple_server import make_server

HOURS = {"HL-01": {"code": "HL-01", "name": "Thư viện trình diễn Hạ Long", "opens": "07:30", "closes": "17:00"}}


def answer(start, status, kind, document):
    start(status, [("Content-Type", kind)])
    return [json.dumps(document, ensure_ascii=False).encode()]


def application(environ, start):
    try:
        asked = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        found = HOURS.get(asked["code"])
    except (ValueError, KeyError, TypeError):
        problem = {"type": "urn:library:malformed", "title": "The question has no code", "status": 422}
        return answer(start, "422 Unprocessable Content", "application/problem+json", problem)
    if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) != ("POST", "/v1/libraries/look-up") or found is None:
        return answer(start, "404 Not Found", "application/problem+json", {"type": "urn:library:unknown", "title": "No such library", "status": 404})
    return answer(start, "200 OK", "application/json", found)


make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
PROGRAM

echo "2. Its description: OpenAPI 3.1"
cat > library.openapi.yaml <<'DESCRIPTION'
openapi: 3.1.0
info: {title: Thư viện, version: 1.0.0}
paths:
  /v1/libraries/look-up:
    post:
      operationId: lookUpLibrary
      summary: Tra cứu giờ mở cửa của một thư viện
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [code]
              properties:
                code: {type: string, maxLength: 20}
            example: {code: HL-01}
      responses:
        "200":
          description: The library
          content:
            application/json:
              schema:
                type: object
                required: [code, name, opens, closes]
                properties:
                  code: {type: string}
                  name: {type: string}
                  opens: {type: string}
                  closes: {type: string}
              example: {code: HL-01, name: Thư viện trình diễn, opens: "07:30", closes: "17:00"}
        "404":
          description: No such library
          content:
            application/problem+json: {schema: {type: object}}
        "422":
          description: The question has no code
          content:
            application/problem+json: {schema: {type: object}}
DESCRIPTION
$dean06 exchange lint library.openapi.yaml

echo "3. Its place in the exchange: a member with the service, a client, and the agreement between them"
cat > members.yaml <<MEMBERS
kind: members
instance: VN
members:
  - class: COM
    code: NEWLIBRARY
    name: Thư viện trình diễn
    subsystems:
      - code: HOURS
        name: Hệ thống giờ mở cửa
        services:
          - {code: libraries, title: Giờ mở cửa thư viện, location: "http://127.0.0.1:$port", timeout_seconds: 5, openapi: library.openapi.yaml}
  - class: COM
    code: NEWREADER
    name: Ứng dụng bạn đọc trình diễn
    subsystems:
      - {code: APP, name: Ứng dụng}
MEMBERS
cat > agreements.yaml <<'AGREEMENT'
kind: agreements
agreements:
  - code: NEW-LIBRARY-1
    title: Bạn đọc xem giờ mở cửa
    client: VN/COM/NEWREADER/APP
    service: VN/COM/NEWLIBRARY/HOURS/libraries
    endpoints:
      - {method: POST, path: /v1/libraries/look-up}
    fields: [name, opens, closes]
    purposes: [opening-hours]
    legal_bases:
      - {document: 278/2025/NĐ-CP, article: "Điều 5.2", certainty: F}
    subject_required: false
    valid_from: 2026-01-01
    valid_until: 2030-12-31
AGREEMENT
$dean06 exchange load .

echo "4. The program runs"
$python library.py "$port" 2> library.log &
program=$!
trap 'kill $program 2> /dev/null || true' EXIT
until curl -s -o answer.json -H "Content-Type: application/json" -d '{"code": "HL-01"}' "http://127.0.0.1:$port/v1/libraries/look-up"; do sleep 0.2; done

echo "5. The first foreign call: plain curl through the gateway (which follows new packs within two seconds)"
sleep 2
curl -sS --fail-with-body -D headers.txt -o answer.json -X POST "$gateway/r1/VN/COM/NEWLIBRARY/HOURS/libraries/v1/libraries/look-up" \
  -H "Content-Type: application/json" -H "X-Road-Client: VN/COM/NEWREADER/APP" -H "X-Exchange-Purpose: opening-hours" \
  -d '{"code": "HL-01"}'
grep -i '^x-road-request-hash' headers.txt
cat answer.json
echo
