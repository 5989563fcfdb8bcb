"""How fast the country is invented, and whether memory stays flat."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from django.conf import settings

from dean06.core.bench import Row, Size, benchmark
from dean06.demo import bench_registry  # noqa: F401 -- registers the registry's benchmarks, which need people
from dean06.demo.synth.synthesise import synthesise

PEOPLE: Final = {"quick": 40_000, "small": 200_000, "full": 1_000_000}
_ALONE: Final = r"""
import os, re, sys
sys.path[:] = sys.argv[4:]
os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv[3]
import django
from pathlib import Path
django.setup()
from dean06.demo.synth.synthesise import synthesise
synthesise(Path(sys.argv[1]), people=int(sys.argv[2]), seed=2026)
print(re.search(r"VmHWM:\s+([0-9]+) kB", Path("/proc/self/status").read_text()).group(1))
"""


def peak_memory_mb(people: int) -> float:
    """Return the greatest memory of a process of its own that invents so many people.

    From proc(5): getrusage's peak outlives exec, so a child of a large process would report its parent's.
    """
    with TemporaryDirectory() as directory:
        command = [sys.executable, "-c", _ALONE, directory, str(people), settings.SETTINGS_MODULE, *sys.path]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024  # the kernel counts in KiB


@benchmark("demo.synth")
def measure_synth(size: Size) -> Sequence[Row]:
    """Measure people per second and, in full size, the peak for 100,000 and for 400,000 people."""
    people = PEOPLE[size]
    with TemporaryDirectory() as directory:
        report = synthesise(Path(directory), people=people, seed=2026)
    rows = [Row("demo.synth", people / report.seconds, "people/s", n=people)]
    if size == "full":
        small = peak_memory_mb(100_000)
        rows.append(Row("demo.synth_memory", peak_memory_mb(400_000), "MB", floor=small, peer="100,000 people", n=400_000))
    return rows
