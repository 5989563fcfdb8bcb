"""When a signature was made is said by the signer; when a record was written, by the log."""

from datetime import UTC, datetime, timedelta

import pytest

from dean06.exchange.domain.proving import LONGEST_ON_ITS_WAY, faults

END = datetime(2026, 6, 1, 3, tzinfo=UTC)


class KeysThatEnd:
    def signed(self, *_):
        return True

    def ends_at(self, party, _key_id):
        return END if party == "client" else None


def detail(created):
    def base(lines, at):
        return "\n".join([*lines, f'"@signature-params": ("@method");created={int(at.timestamp())};keyid="k";alg="x";tag="x1"'])

    shared = ['"x-road-request-id": t', '"x-road-client": client', '"content-digest": d']
    signature = f"x1=:{'A' * 86}==:"
    answered = [*shared, '"x-road-service": service', '"@status": 200', '"x-road-request-hash": h']
    answered.append(f'"signature";req;key="x1": {signature.removeprefix("x1=")}')
    return {
        "transaction_id": "t",
        "client": "client",
        "service": "service",
        "status": 200,
        "request_hash": "h",
        "request": {"base": base(shared, created), "signature": signature, "key_id": "k"},
        "answer": {"base": base(answered, created), "signature": signature, "key_id": "k"},
    }


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("created", "recorded", "expected"),
    [
        (END - SECOND, END - SECOND, []),
        (END - SECOND, END + SECOND, []),  # on its way when the key was revoked
        (END - SECOND, END + LONGEST_ON_ITS_WAY, []),
        (END - SECOND, END + LONGEST_ON_ITS_WAY + SECOND, ["key_ended"]),  # backdated by who holds the key
        (END + SECOND, END + SECOND, ["key_ended"]),
        (END + SECOND, END - SECOND, ["key_ended"]),
    ],
)
def test_a_key_that_ended_is_a_fault_by_the_signature_s_word_or_the_record_s(created, recorded, expected):
    found = [problem for problem, _sentence in faults(detail(created), recorded_at=recorded, keys=KeysThatEnd())]

    assert found == expected
