"""All invented registers, and the one handler that stands behind each of them."""

from functools import partial
from typing import Final

import msgspec

from dean06.core.errors import Dean06Error
from dean06.core.problems import problem, status_of
from dean06.demo.registers import civil, driving, insurance, land, phones, taxes
from dean06.demo.registers.describing import Disclosure, Register
from dean06.demo.registers.errors import MalformedQuestion, NoSuchOperation
from dean06.exchange.public import Handler, ProviderRequest, ProviderResponse

LARGEST_BODY_BYTES: Final = 4096
REGISTERS: Final[tuple[Register, ...]] = (
    driving.REGISTER,
    insurance.SOCIAL,
    insurance.HEALTH,
    taxes.TAX,
    taxes.ENTERPRISES,
    land.REGISTER,
    civil.REGISTER,
    phones.REGISTER,
)


def answer(register: Register, request: ProviderRequest) -> ProviderResponse:
    """Answer one authorised call; refusals come back as problem documents (RFC 9457)."""
    try:
        found = _answered(register, request)
    except Dean06Error as refusal:
        return ProviderResponse(int(status_of(refusal)), problem(refusal))
    return ProviderResponse(200, found.document, found.subjects)


def handler_of(register: Register) -> Handler:
    """Return the handler of a register."""
    return partial(answer, register)


def _answered(register: Register, request: ProviderRequest) -> Disclosure:
    operation = next((one for one in register.operations if one.path == request.path and request.method == "POST"), None)
    if operation is None:
        raise NoSuchOperation
    if len(request.body) > LARGEST_BODY_BYTES or request.query:
        raise MalformedQuestion
    try:
        asked = msgspec.json.decode(request.body, type=operation.parse)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:  # the text of either may quote the body: not passed on
        raise MalformedQuestion from exc
    return operation.answer(asked)
