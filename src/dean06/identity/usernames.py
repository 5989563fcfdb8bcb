"""From the number that people type to the hash under which an account is found."""

from dean06.identity.domain.subjects import keyed_username
from dean06.identity.secrets import username_key
from dean06.registry.public import PersonalId


def username_of(number: str | PersonalId) -> str:
    """Return the username (keyed hash, 64 hex digits) of a twelve-digit number.

    Raises:
        MalformedPersonalId: anything but twelve digits.
    """
    parsed = PersonalId.parse(number) if isinstance(number, str) else number
    return keyed_username(parsed.value, key=username_key())
