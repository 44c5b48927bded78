"""The process that reads one side for a run: `python -m reconciler.app.pulling.child`, started by `SideProcess` only.

Questions come on its standard input, one at a time; the end of the input ends it, so that it never outlives its run.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from contextlib import suppress
from typing import Final

from reconciler.app.garbage import few_garbage_collections
from reconciler.app.pulling.messages import (
    Failed,
    Logged,
    Opening,
    Progressed,
    Question,
    Sign,
    Told,
    packed,
    sendable,
    unpacked,
)
from reconciler.app.pulling.pull import pull_entity
from reconciler.app.pulling.pulled import Pulled
from reconciler.connectors.connector import Connector
from reconciler.logs import hand_over_logs
from reconciler.store.snapshots.content import ContentFolder

_SIGN_EVERY_S: Final = 5.0
_END_WITHIN_S: Final = 20.0


class _Run:
    """The run that asks."""

    def __init__(self, questions: asyncio.StreamReader, answers: int) -> None:
        self._questions = questions
        self._answers = answers

    async def asks(self) -> object:
        """The next thing it says, or None when it is gone or wants no more."""
        try:
            return await unpacked(self._questions)
        except EOFError:
            asyncio.get_running_loop().call_later(_END_WITHIN_S, os._exit, 1)
            return None

    def tell(self, message: Told) -> None:
        """Tell the run; waits while the pipe is full."""
        rest = memoryview(packed(message))
        # Where the run is gone, its silence is heard a moment later.
        with suppress(BrokenPipeError):
            while rest:
                rest = rest[os.write(self._answers, rest) :]

    async def keep_telling(self) -> None:
        """Give signs of life until cancelled."""
        while True:
            await asyncio.sleep(_SIGN_EVERY_S)
            self.tell(Sign())


async def _serve(answers: int) -> None:
    questions = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    run = _Run(questions, answers)
    run.tell(Sign())
    opening = await run.asks()
    if not isinstance(opening, Opening):
        return
    hand_over_logs(lambda event: run.tell(Logged(event)), debug=opening.debug)
    signs = asyncio.create_task(run.keep_telling())
    try:
        await _read(run, opening)
    finally:
        signs.cancel()


async def _read(run: _Run, opening: Opening) -> None:
    """Answer until there are no more questions. A pull that nobody waits for any more is stopped."""
    reach, folder = opening.reach, ContentFolder(opening.folder)
    async with reach.port(None) as port:
        connector = Connector(reach.side.value, reach.description, port, reach.time_zone)
        hearing = asyncio.create_task(run.asks())
        while isinstance(question := await hearing, Question):
            hearing = asyncio.create_task(run.asks())
            answering = asyncio.create_task(_answer(run, connector, opening, question, folder))
            await asyncio.wait({hearing, answering}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                answering.cancel()
                await asyncio.wait({answering})
                return
            answering.result()


async def _answer(run: _Run, connector: Connector, opening: Opening, question: Question, folder: ContentFolder) -> None:
    answer: Pulled | Failed
    try:
        answer = await pull_entity(
            connector,
            opening.reach.side,
            question.mapping,
            folder,
            question.base,
            question.options,
            lambda done, total: run.tell(Progressed(done, total)),
        )
    except Exception as error:  # noqa: BLE001  # raised again by the run
        answer = Failed(sendable(error), traceback.format_exc())
    run.tell(answer)


def main() -> None:
    """Serve one run until it wants no more."""
    # What a library prints must not get between the answers.
    answers = os.dup(1)
    os.dup2(2, 1)
    with few_garbage_collections():
        asyncio.run(_serve(answers))
    # Nothing is left to be done, and to take everything apart would keep the run waiting.
    os._exit(0)


if __name__ == "__main__":
    main()
