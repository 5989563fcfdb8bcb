"""The trace that a call belongs to (W3C Trace Context, level 1): taken from who calls or begun here, and the stages that it passes.

A trace id joins the logs and figures of many processes and says nothing about anybody. Whoever calls may write what he likes
into it, so what could be a person's number is not taken: such a trace begins anew.

Source: W3C Recommendation "Trace Context" of 23/11/2021, sec. 3.2 (traceparent), 3.3 (tracestate), 4.3 (restarting a trace).
"""

import random
import re
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Final, NamedTuple

SAMPLED: Final = 1
TRACE_ID_DIGITS, SPAN_ID_DIGITS = 32, 16
MOST_MEMBERS: Final = 32
LONGEST_STATE: Final = 512  # sec. 3.3.1.5: at least so much should be propagated
_PARENT: Final = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_TWELVE_DIGITS: Final = re.compile("[0-9]{12}")
_MAY_BE_A_NUMBER: Final = re.compile(r"(?<![0-9])0*[0-9]{12}(?![0-9])")
_LONG_NUMBER: Final = re.compile(r"[0-9]{9}")
_MEMBER: Final = re.compile(r"[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")


class Stage(NamedTuple):
    """A part of a call.

    Attributes:
        name: what is done.
        began: seconds of ``time.monotonic``.
        span_id: 16 hexadecimal digits.
    """

    name: str
    began: float
    span_id: str


class Trace:
    """One call's place in a trace.

    Attributes:
        trace_id: 32 hexadecimal digits.
        parent_id: span of who called; empty where the trace begins here.
        span_id: the call's own span; empty unless it is recorded.
        sampled: whether who called records, or we do.
        state: ``tracestate``, for others.
        stages: what it passed so far; None if nobody records this call.
    """

    __slots__ = ("parent_id", "sampled", "span_id", "stages", "state", "trace_id")

    def __init__(self, trace_id: str, parent_id: str, *, sampled: bool, state: str, recorded: bool) -> None:
        self.trace_id = trace_id
        self.parent_id = parent_id
        self.sampled = sampled
        self.state = state
        self.span_id = _new_id(SPAN_ID_DIGITS) if recorded else ""
        self.stages: list[Stage] | None = [] if recorded else None

    def enter(self, name: str) -> None:
        """Begin a stage; the one before ends."""
        if self.stages is not None:
            self.stages.append(Stage(name, time.monotonic(), _new_id(SPAN_ID_DIGITS)))

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Return what is sent to whom is asked now: the stage is the parent of what happens there.

        A call that is not recorded names the caller's span as the parent, as if it had passed no gateway.
        """
        if self.stages:
            parent, flags = self.stages[-1].span_id, SAMPLED
        else:
            parent, flags = self.span_id or self.parent_id or self.trace_id[:SPAN_ID_DIGITS], int(self.sampled)
        line = ("traceparent", f"00-{self.trace_id}-{parent}-{flags:02x}")
        return (line, ("tracestate", self.state)) if self.state else (line,)


current: ContextVar[Trace | None] = ContextVar("trace", default=None)
"""The trace of the call that is being served."""


def stage(name: str) -> None:
    """Begin a stage of the call that is being served, if somebody records it."""
    if (trace := current.get()) is not None and trace.stages is not None:
        trace.enter(name)


def headers() -> tuple[tuple[str, str], ...]:
    """Return the headers for whom the call that is being served asks; none outside a trace."""
    return trace.headers() if (trace := current.get()) is not None else ()


def begin(lines: Iterable[tuple[bytes, bytes]], *, ratio: float | None = None) -> Trace:
    """Take a trace from the head of a request, or begin one.

    Args:
        lines: headers as ASGI hands them over, names in lower case.
        ratio: share of the traces begun here that are recorded; None: nothing is, whatever the caller asks.
    """
    parents, states = [], []
    for name, value in lines:
        if name == b"traceparent":
            parents.append(value)
        elif name == b"tracestate":
            states.append(value)
    if len(parents) == 1 and (taken := _taken(parents[0])):
        trace_id, parent_id, sampled = taken
        return Trace(trace_id, parent_id, sampled=sampled, state=_state(states), recorded=sampled and ratio is not None)
    trace_id = _new_id(TRACE_ID_DIGITS)
    recorded = ratio is not None and int(trace_id[-SPAN_ID_DIGITS:], 16) < ratio * 2**64
    return Trace(trace_id, "", sampled=recorded, state="", recorded=recorded)


def _taken(line: bytes) -> tuple[str, str, bool] | None:
    """Read a traceparent: trace, span and whether it is sampled; None where it is none, or could hold a person's number."""
    text = line.decode("latin-1").strip(" \t")
    found = _PARENT.fullmatch(text)
    if found is None or (found[1] == "00" and found[5]):
        return None
    if _TWELVE_DIGITS.search(text) and _MAY_BE_A_NUMBER.search(text):  # nearly every line ends at the first question, which is cheap
        return None
    return found[2], found[3], bool(int(found[4], 16) & SAMPLED)


def _state(lines: list[bytes]) -> str:
    """Return the members of tracestate that are well formed and hold no long number; nothing where the whole is too long."""
    if not lines:
        return ""
    text = b",".join(lines).decode("latin-1")
    members = [member for part in text.split(",") if (member := part.strip(" \t"))]
    if len(text) > LONGEST_STATE or len(members) > MOST_MEMBERS:
        return ""
    return ",".join(member for member in members if _MEMBER.fullmatch(member) and not _LONG_NUMBER.search(member))


def _new_id(digits: int) -> str:
    """Return a random id; nobody is to be kept from guessing it, and the system's randomness costs a call of the system each time."""
    while _TWELVE_DIGITS.search(made := f"{random.getrandbits(4 * digits):0{digits}x}") or not made.strip("0"):
        pass
    return made
