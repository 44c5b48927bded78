"""Logging to stderr, with every known secret masked before a line is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typing import TextIO

    from structlog.typing import EventDict, WrappedLogger

MASK = "•••"
_SHORTEST_SECRET_CHARACTERS: Final = 4
_PASSING_SECRETS: Final = 500


@dataclass(frozen=True, slots=True)
class _Known:
    """The secrets of this process. A new one makes a new value, so that no thread reads one that is changing.

    Attributes:
        passing: those that are followed by others, in the order they came.
        longest_first: all of them: where one is the beginning of another, nothing of the longer one is left.
    """

    lasting: frozenset[str] = frozenset()
    passing: tuple[str, ...] = ()
    longest_first: tuple[str, ...] = ()

    def and_also(self, secret: str, *, passing: bool) -> _Known:
        kept, passed = self.lasting, self.passing
        if passing:
            passed = (*(each for each in passed if each != secret), secret)[-_PASSING_SECRETS:]
        else:
            kept |= {secret}
        return _Known(kept, passed, tuple(sorted(kept.union(passed), key=len, reverse=True)))


_known = _Known()
_adding = Lock()


def keep_out_of_logs(secret: str, *, passing: bool = False) -> None:
    """Mask this text wherever it would appear in a log line. Very short texts are ignored: they would mask words.

    It is masked until the process ends, since what failed may be told long after its connection is closed.

    Args:
        passing: one of a row that has no end, such as the tokens of sessions: the newest of these are masked. Those
            before ended long ago, and every line that is written would be searched for each of them.
    """
    global _known
    if len(secret) >= _SHORTEST_SECRET_CHARACTERS:
        with _adding:
            _known = _known.and_also(secret, passing=passing)


def holds_secret(text: str) -> bool:
    """Whether a known secret is in the text."""
    return any(secret in text for secret in _known.longest_first)


def masked(text: str) -> str:
    """The text with every known secret replaced by dots, and control characters shown as escapes."""
    for secret in _known.longest_first:
        if secret in text:
            text = text.replace(secret, MASK)
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def _mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> MutableMapping[str, Any]:
    return {name: _masked_value(value) for name, value in event.items()}


def _masked_value(value: object) -> object:
    match value:
        case str():
            return masked(value)
        case bool() | int() | float() | None:
            return value
        case _:
            return masked(str(value))


def configure_logging(*, debug: bool, stream: TextIO | None = None) -> None:
    """Write warnings (with `debug`, everything), one plain line each.

    Args:
        stream: where to; stderr by default, as it is now.
    """
    import logging
    import sys

    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask_event,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if debug else logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr if stream is None else stream),
        cache_logger_on_first_use=False,
    )


def logs_everything() -> bool:
    """Whether lines for debugging are written."""
    import logging

    import structlog

    return bool(structlog.get_logger().is_enabled_for(logging.DEBUG))


def hand_over_logs(take: Callable[[Mapping[str, Any]], None], *, debug: bool) -> None:
    """Write nothing: another process does, with `log_handed_over`. Secrets that only this one knows are masked here.

    Args:
        take: given each event, to be brought to the other process.
    """
    import logging

    import structlog

    def taken(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        take(event)
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.format_exc_info, _mask_event, taken],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if debug else logging.WARNING),
    )


def log_handed_over(event: Mapping[str, Any]) -> None:
    """Write what another process had to say, as if it had happened here."""
    import logging

    import structlog

    rest = dict(event)
    told, level = rest.pop("event"), rest.pop("level")
    structlog.get_logger().log(logging.getLevelNamesMapping()[level.upper()], told, **rest)
