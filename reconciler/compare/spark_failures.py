"""What Spark says when something fails, as errors of ours."""

from __future__ import annotations

import errno
import importlib
import os
from typing import Final

from reconciler.errors import EngineFailedError, StateError
from reconciler.phrases.phrase import phrase

_NO_ROOM: Final = os.strerror(errno.ENOSPC)
_NO_MEMORY: Final = ("OutOfMemoryError", "UNABLE_TO_ACQUIRE_MEMORY", "Not enough memory", "exitCode 137")
_UNREADABLE: Final = (
    "FAILED_READ_FILE",
    "PATH_NOT_FOUND",
    "UNABLE_TO_INFER_SCHEMA",
    "CANNOT_READ_FILE",
    "is not a Parquet file",
)
_NOT_SHARED: Final = (*_UNREADABLE, "Mkdirs failed", "Permission denied", "FileNotFoundException")


def errors_of_spark() -> tuple[type[Exception], ...]:
    """Whatever PySpark raises when a statement fails, or when Java is gone."""
    protocol = importlib.import_module("py4j.protocol")
    errors = importlib.import_module("pyspark.errors")
    found: tuple[type[Exception], ...] = (protocol.Py4JError, errors.PySparkException, ConnectionError)
    return found


def failure_of(error: Exception, *, on_cluster: bool = False) -> Exception:
    """The error of ours that says what Spark said. Its own words may quote values of a snapshot, and stay out.

    Args:
        on_cluster: other machines read and write. This one has read every snapshot before: what cannot be read is
            not seen by another machine.
    """
    text = f"{type(error).__name__} {error}"
    name = getattr(error, "getCondition", lambda: None)() or type(error).__name__
    if any(sign in text for sign in _NO_MEMORY):
        return EngineFailedError(
            phrase("The comparison ran out of memory on Spark."),
            hint=phrase("Allow it more: memory_mib or executor_memory_mib under [compare.spark]."),
            detail=name,
        )
    if _NO_ROOM in text:
        return StateError(
            phrase("The comparison found no room for its temporary files: the disk of the data folder is full."),
            hint=phrase("Make room and run again; nothing that was finished is lost."),
            detail=name,
        )
    if on_cluster and any(sign in text for sign in _NOT_SHARED):
        return folder_not_shared(name)
    if any(sign in text for sign in _UNREADABLE):
        return StateError(
            phrase("A snapshot cannot be compared: a file is missing, damaged, or was staged differently."),
            hint=phrase("Run again with --full to read both systems from the beginning."),
            detail=name,
        )
    if type(error).__name__ in ("AnalysisException", "ParseException"):
        return RuntimeError(f"Spark does not understand a statement of the comparison: {name}")
    return EngineFailedError(
        phrase("Spark stopped, or lost what it worked with."),
        hint=phrase("Run again; when it comes again, look at Spark's own logs."),
        detail=name,
    )


def folder_not_shared(detail: str) -> EngineFailedError:
    """A machine of the cluster has another folder where this one has its data, or may not use it."""
    return EngineFailedError(
        phrase("A machine of the Spark cluster does not see the data folder of this one."),
        hint=phrase(
            "Every machine of the cluster must see the same folder under the same path, not a copy of it, and Spark"
            " must run there as the user that runs this program."
        ),
        detail=detail,
    )
