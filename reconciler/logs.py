"""Logging to stderr, with every known secret masked before a line is written."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TextIO

    from structlog.typing import EventDict, WrappedLogger

MASK = "•••"
_SHORTEST_SECRET_CHARACTERS = 4
_secrets: set[str] = set()


def keep_out_of_logs(secret: str) -> None:
    """Mask this text wherever it would appear in a log line. Very short texts are ignored: they would mask words."""
    if len(secret) >= _SHORTEST_SECRET_CHARACTERS:
        _secrets.add(secret)


def holds_secret(text: str) -> bool:
    """Whether a known secret is in the text."""
    return any(secret in text for secret in _secrets)


def masked(text: str) -> str:
    """The text with every known secret replaced by dots, and control characters shown as escapes."""
    for secret in _secrets:
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
