"""Several things at once, owned by one caller: when one fails the others are stopped and the failure is told."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from reconciler.errors import ReconcilerError

T = TypeVar("T")


async def all_of(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results, in the order given.

    Raises:
        ReconcilerError: the first of the failures a user can understand, instead of a group of them.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
    except BaseExceptionGroup as failures:
        understood = _first_understood(failures)
        if understood is None:
            raise
        raise understood from failures
    return [task.result() for task in tasks]


def _first_understood(failures: BaseExceptionGroup[BaseException]) -> ReconcilerError | None:
    """The first failure of the error tree, unless something else failed too: a bug must not hide behind it."""
    known, other = failures.split(ReconcilerError)
    if known is None or other is not None:
        return None
    leaf: BaseException = known
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return leaf if isinstance(leaf, ReconcilerError) else None
