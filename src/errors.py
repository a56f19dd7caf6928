"""The one exception a user is meant to see."""


class InputError(ValueError):
    """Bad input, told in one sentence: the key or file, what was found, what is allowed."""


def require(condition: bool, key: str, found: object, allowed: str) -> None:
    """Raise InputError(`key=found: must be allowed`) unless the condition holds."""
    if not condition:
        raise InputError(f"{key}={found}: must be {allowed}.")


class MembersFailed(Exception):
    """Some members could not be trained; the message names them, the others are finished."""
