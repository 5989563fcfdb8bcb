"""What signatures and time-stamps cost."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from dean06.core.bench import Row, Size, benchmark
from dean06.core.documents import render_pdf
from dean06.signing.documents import add_signature_fields, inspect_pdf, sign_pdf
from dean06.signing.keys import ensure_key, signer
from dean06.signing.signatures import FieldBox
from dean06.signing.timestamps import timestamp
from dean06.signing.trust import ensure_trust

ROUNDS: Final[dict[Size, int]] = {"quick": 20, "small": 60, "full": 300}
BENCH_KEY: Final = "officer.benchmark"
DIGEST: Final = bytes(32)


def _per_second(work: Callable[[], object], rounds: int) -> float:
    """Run once to warm up, then count how often a second it runs."""
    work()
    started = time.perf_counter()
    for _ in range(rounds):
        work()
    return rounds / (time.perf_counter() - started)


def _bare_signatures(rounds: int) -> float:
    key = signer(BENCH_KEY)
    return _per_second(lambda: key.sign(DIGEST), rounds * 20)


def _prepared() -> bytes:
    ensure_trust()
    ensure_key(BENCH_KEY, common_name="Cán bộ đo tốc độ", organisation="Công an phường Hồng Gai", usage="officer")
    pdf = render_pdf('#set document(title: "Phiếu kiểm soát")\n= PHIẾU KIỂM SOÁT\n#lorem(120)', {})
    return add_signature_fields(pdf, [FieldBox("ky_so", 0, 60, 100, 300, 170)])


@benchmark("signing.pades")
def pades(size: Size) -> Sequence[Row]:
    """Measure whole signatures with stamp and time-stamp, on one core, against the bare ECDSA operation."""
    rounds, pdf = ROUNDS[size], _prepared()
    made = _per_second(lambda: sign_pdf(pdf, field="ky_so", signer_name=BENCH_KEY, reason="Đo tốc độ"), rounds)
    return [Row("signing.pades", made, "signatures/s", _bare_signatures(rounds), "bare ECDSA P-256", rounds)]


@benchmark("signing.inspect")
def inspect(size: Size) -> Sequence[Row]:
    """Measure the examination of a document with one signature."""
    rounds = ROUNDS[size]
    signed = sign_pdf(_prepared(), field="ky_so", signer_name=BENCH_KEY, reason="Đo tốc độ")
    return [Row("signing.inspect", _per_second(lambda: inspect_pdf(signed), rounds), "signatures/s", n=rounds)]


@benchmark("signing.timestamp")
def timestamps(size: Size) -> Sequence[Row]:
    """Measure time-stamp tokens in process against the bare ECDSA operation."""
    rounds = ROUNDS[size] * 10
    _prepared()
    made = _per_second(lambda: timestamp(DIGEST), rounds)
    return [Row("signing.timestamp", made, "tokens/s", _bare_signatures(rounds // 10), "bare ECDSA P-256", rounds)]


@benchmark("signing.document")
def documents(size: Size) -> Sequence[Row]:
    """Measure PDF/A documents of one page."""
    rounds = ROUNDS[size]
    made = _per_second(lambda: render_pdf("= #data.title\n#lorem(120)", {"title": "PHIẾU KIỂM SOÁT"}), rounds)
    return [Row("signing.document", made, "documents/s", n=rounds)]
