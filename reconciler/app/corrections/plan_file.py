"""Reading the file of a sealed plan."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from reconciler.errors import ConfigurationError, RefusedError
from reconciler.phrases.phrase import phrase

MAX_SIZE_BYTES: Final = 512 * 1024 * 1024
"""A plan of a million records is smaller."""


def read_plan_file(path: Path) -> bytes:
    """The text of a plan.

    Raises:
        ConfigurationError: it cannot be read.
        RefusedError: it is larger than any plan.
    """
    try:
        with path.open("rb") as file:
            document = file.read(MAX_SIZE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            phrase("{path}: cannot be read: {reason}.", path=path, reason=error.strerror)
        ) from error
    if len(document) > MAX_SIZE_BYTES:
        raise RefusedError(phrase("{path} is larger than any plan.", path=path))
    return document
