"""What a disk says that takes no more: a `StateError` a user can act on, whoever wrote."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from reconciler.errors import StateError
from reconciler.phrases.phrase import phrase
from reconciler.whole_file import FULL

# Where the disk takes not even the footer of a Parquet file, the frame library says only that much.
_FOOTER_FAILED: Final = "transport error"
_FULL_WORDS: Final = (*(os.strerror(number).lower() for number in sorted(FULL)), _FOOTER_FAILED)


@contextmanager
def disk_failures(folder: Path) -> Iterator[None]:
    """Turn failures of writing below `folder` into a `StateError`. What was finished before stays as it is.

    Other errors of the frame library go through: they are defects.
    """
    try:
        yield
    except OSError as error:
        raise _cannot_write(folder, error, full=error.errno in FULL) from error
    except pl.exceptions.PolarsError as error:
        words = str(error).lower()
        if not any(full in words for full in _FULL_WORDS):
            raise
        raise _cannot_write(folder, error, full=True) from None


def _cannot_write(folder: Path, error: Exception, *, full: bool) -> StateError:
    detail = type(error).__name__
    if full:
        return StateError(
            phrase("the data folder {folder} takes no more: the disk is full, or a quota is used up.", folder=folder),
            hint=phrase("Make room and run again; nothing that was finished is lost."),
            detail=detail,
        )
    words = error.strerror if isinstance(error, OSError) and error.strerror else detail
    return StateError(
        phrase("the data folder {folder} cannot be written: {words}.", folder=folder, words=words),
        hint=phrase("Check the disk and its rights."),
        detail=detail,
    )
