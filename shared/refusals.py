"""What a rule says when it says no. No HTTP here: statuses stand in one table, shared/http/problems.py.

A service names its own refusals, each under the family that says what the caller can do about it:

    class AspirationAlreadyWithdrawn(Refusal, code="aspiration-already-withdrawn"):
        \"""The aspiration was withdrawn; it cannot be shared any more.\"""
"""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Invalid:
    """One thing that is wrong in what was sent: where, and what. `detail` never repeats what was sent."""

    where: str  # a JSON Pointer into the body, or the name of a parameter or header
    detail: str
    within: str = "body"  # body, query or header


class Refusal(Exception):
    """What was asked does not fit what is the case now."""

    code: ClassVar[str] = "refused"
    sentence: ClassVar[str] = "What was asked does not fit what is the case now."

    def __init_subclass__(cls, *, code: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.code = code
        cls.sentence = (cls.__doc__ or "").strip().partition("\n")[0]
        if not cls.sentence:
            raise TypeError(f"{cls.__name__}: its docstring is the sentence that the caller reads")

    def __init__(
        self, detail: str | None = None, *, invalid: tuple[Invalid, ...] = (), retry_after: int | None = None
    ) -> None:
        """`detail` says more about this one occurrence, in words of ours; `retry_after` is in seconds."""
        super().__init__(detail or self.sentence)
        self.detail = detail
        self.invalid = invalid
        self.retry_after = retry_after


class NotFound(Refusal, code="not-found"):
    """There is nothing here for you."""

    def __init__(self) -> None:
        super().__init__()  # no detail: what is not yours must look like what is not there


class NotAllowed(Refusal, code="not-allowed"):
    """You may not do this."""


class Unacceptable(Refusal, code="invalid"):
    """What was sent is not valid."""


class Outdated(Refusal, code="version-mismatch"):
    """It has changed since the version that If-Match names."""


class Unavailable(Refusal, code="unavailable"):
    """A part that is needed for this does not answer now."""


class Worded(ValueError):
    """Raised by a model's validator with words that the caller may read; any other ValueError is answered without."""
