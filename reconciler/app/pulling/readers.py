"""Who reads a side of a run: this process, or one of its own where that takes half the time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import structlog

from reconciler.app.pulling.apart import Apart, processors_of_this_process, side_apart
from reconciler.app.pulling.bases import base_of, records_to_read
from reconciler.app.pulling.messages import Opening
from reconciler.app.pulling.pulled import Base, Pulled, PullOptions
from reconciler.app.pulling.side_process import NotStartedError, SideProcess
from reconciler.app.run_options import RunOptions
from reconciler.app.scope_plan import plan_entities
from reconciler.app.wire import Workspace, load_descriptions, reach_of
from reconciler.connectors.reach import HttpReach
from reconciler.logs import logs_everything
from reconciler.mapping.plan import EntityMapping
from reconciler.model.entities import Side
from reconciler.store.snapshots.content import ContentFolder

if TYPE_CHECKING:
    from reconciler.connectors.connector import Connector

OnProgress = Callable[[int, int | None], None]
_log: Final = structlog.get_logger("reconciler.pulling")


class _LargeError(Exception):
    """A first page says that very many records follow."""


class SideReaders:
    """Reads entities of both sides, one of them in a process of its own where `apart` says so.

    An async context manager; the process is started with it when it surely pays, and ended with it.

    Args:
        reach: how the side that may be read apart is reached; asked for when it is needed.
        at_least: so many records of an entity, announced by its first page, pay for a process.
        process: the other process; one like this unless given.
    """

    def __init__(
        self,
        folder: ContentFolder,
        apart: Apart | None,
        reach: Callable[[Side], HttpReach],
        at_least: int,
        process: SideProcess | None = None,
    ) -> None:
        self._folder = folder
        self._apart = apart
        self._reach = reach
        self._at_least = at_least
        self._process = process or SideProcess()
        self._opening: Opening | None = None

    async def __aenter__(self) -> Self:
        if self._apart is not None and self._apart.surely:
            try:
                await self._process.start()
            except NotStartedError as error:
                self._do_without(error)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def pull(
        self,
        connector: Connector,
        side: Side,
        mapping: EntityMapping,
        base: Base | None,
        options: PullOptions,
        on_progress: OnProgress,
    ) -> Pulled:
        """What `pull_entity` gives, whoever reads.

        Raises:
            SystemReadError: the system could not be read, or the process that read it ended (`ReadingStoppedError`).
        """
        from reconciler.app.pulling.pull import pull_entity

        here = partial(pull_entity, connector, side, mapping, self._folder, base, options)
        if self._apart is None or side is not self._apart.side:
            return await here(on_progress)
        try:
            if self._process.pid is None:
                if base is not None:
                    return await here(on_progress)
                try:
                    return await here(self._unless_large(on_progress))
                except _LargeError:
                    await self._process.start()
            return await self._process.pull(self._opened(side), mapping, base, options, on_progress)
        except NotStartedError as error:
            self._do_without(error)
        return await here(on_progress)

    async def close(self) -> None:
        """End the process, if there is one, and the session it has with the system."""
        await self._process.close()

    def _unless_large(self, on_progress: OnProgress) -> OnProgress:
        def told(done: int, total: int | None) -> None:
            if total is not None and total >= self._at_least:
                raise _LargeError
            on_progress(done, total)

        return told

    def _opened(self, side: Side) -> Opening:
        if self._opening is None:
            self._opening = Opening(self._reach(side), self._folder.root, debug=logs_everything())
        return self._opening

    def _do_without(self, error: NotStartedError) -> None:
        _log.warning("side_process_not_started", reason=str(error))
        self._apart = None


async def side_readers(workspace: Workspace, options: RunOptions) -> SideReaders:
    """The readers of a run.

    Raises:
        ConfigurationError: the project file or a description is wrong.
        StateError: the state cannot be read.
    """
    project = workspace.project
    descriptions = load_descriptions(project)
    plans = plan_entities(project, descriptions, options.entities)
    counts: dict[Side, int | None] = {}
    for side, description in descriptions.items():
        mappings = [plan.mappings[side] for plan in plans]
        bases = {each.entity: await base_of(workspace, side, each.entity) for each in mappings}
        counts[side] = records_to_read(description, mappings, bases, full=options.full)
    at_least = project.file.run.second_process_from
    apart = side_apart(descriptions, counts, at_least, processors_of_this_process())
    return SideReaders(workspace.folder, apart, lambda side: reach_of(project, side, descriptions[side]), at_least)
