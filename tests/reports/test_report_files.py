"""Report files: whole or as they were, and private."""

from __future__ import annotations

import asyncio
import os
import resource
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.model.findings import Finding
from reconciler.reports.data_files import write_json
from reconciler.reports.files import batches, in_thread, write_chunks
from reconciler.reports.html.page import write_html
from reconciler.reports.report import Explain, Report
from reconciler.reports.workbook import write_xlsx
from tests.reports.report_samples import FINDING, entity_of, explain, report_of, stream_of, usual_report

Write = Callable[[Report, Path, Explain], Awaitable[None]]
every_format = pytest.mark.parametrize("write", [write_json, write_html, write_xlsx])


def _report_of_stream(stream: Callable[[], AsyncIterator[Finding]]) -> Report:
    return report_of(replace(entity_of("customers", [FINDING]), findings=stream))


@every_format
async def test_a_report_is_readable_by_its_owner_only(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "new folder" / "report"
    before = os.umask(0)
    try:
        await write(usual_report(), path, explain)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["report"]


@every_format
async def test_a_report_that_fails_half_way_leaves_the_old_one(tmp_path: Path, write: Write) -> None:
    async def broken() -> AsyncIterator[Finding]:
        yield FINDING
        raise LookupError("the store went away")

    path = tmp_path / "report"
    path.write_text("the old report")
    with pytest.raises(LookupError):
        await write(_report_of_stream(broken), path, explain)
    assert path.read_text() == "the old report"
    assert list(tmp_path.iterdir()) == [path]


@every_format
async def test_a_cancelled_report_leaves_the_old_one_and_closes_its_stream(tmp_path: Path, write: Write) -> None:
    reading, closed = asyncio.Event(), asyncio.Event()

    async def endless() -> AsyncIterator[Finding]:
        try:
            yield FINDING
            reading.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    path = tmp_path / "report"
    path.write_text("the old report")
    writing = asyncio.ensure_future(write(_report_of_stream(endless), path, explain))
    await reading.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert closed.is_set()
    assert path.read_text() == "the old report"
    assert list(tmp_path.iterdir()) == [path]


@every_format
async def test_a_report_that_cannot_be_written_is_a_state_error(tmp_path: Path, write: Write) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "kept").touch()
    with pytest.raises(StateError, match="cannot be written"):
        await write(usual_report(), tmp_path / "report", explain)
    assert [file.name for file in tmp_path.iterdir()] == ["report"]


@every_format
async def test_a_folder_that_cannot_be_made_is_a_state_error(tmp_path: Path, write: Write) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be written"):
        await write(usual_report(), tmp_path / "file" / "report", explain)


@pytest.fixture
def little_room() -> Iterator[None]:
    """No file may grow beyond 4 KiB, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@every_format
@pytest.mark.usefixtures("little_room")
async def test_a_full_disk_is_a_state_error_and_leaves_the_old_report(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "report"
    path.write_text("the old report")
    with pytest.raises(StateError, match="cannot be written"):
        await write(report_of(entity_of("customers", [FINDING] * 600)), path, explain)
    assert path.read_text() == "the old report"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("little_room")
async def test_the_first_error_of_a_full_disk_is_the_one_told(tmp_path: Path) -> None:
    """What is still buffered fails once when it is finished and once more when the file is closed."""

    async def buffered() -> AsyncGenerator[bytes, None]:
        yield b"x" * 5_000

    with pytest.raises(StateError, match="cannot be written"):
        await write_chunks(tmp_path / "report", buffered())
    assert list(tmp_path.iterdir()) == []


@every_format
async def test_the_same_report_gives_the_same_bytes(tmp_path: Path, write: Write) -> None:
    for name in ("first", "second"):
        await write(usual_report(), tmp_path / name, explain)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


async def test_an_error_of_the_stream_is_not_taken_for_one_of_the_file(tmp_path: Path) -> None:
    async def chunks() -> AsyncGenerator[bytes, None]:
        yield b"begun"
        raise ConnectionResetError("the database went away")

    with pytest.raises(ConnectionResetError):
        await write_chunks(tmp_path / "report", chunks())


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (2, [2]), (3, [3]), (7, [3, 3, 1])], ids=["none", "less", "one", "more"]
)
async def test_findings_come_in_batches(count: int, sizes: list[int]) -> None:
    found = [len(batch) async for batch in batches(stream_of([FINDING] * count)(), 3)]
    assert found == sizes


async def test_a_stream_is_closed_when_its_batches_are_no_longer_wanted() -> None:
    closed = False

    async def endless() -> AsyncIterator[Finding]:
        nonlocal closed
        try:
            while True:
                yield FINDING
        finally:
            closed = True

    async with aclosing(batches(endless(), 3)) as found:
        assert len(await anext(found)) == 3
    assert closed


async def test_cancelling_waits_until_the_thread_is_done() -> None:
    loop = asyncio.get_running_loop()
    begun, go_on = asyncio.Event(), asyncio.Event()
    done: list[str] = []

    def work() -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(timeout=30)
        done.append("done")

    working = asyncio.ensure_future(in_thread(work))
    await begun.wait()
    working.cancel()
    await asyncio.sleep(0)
    assert not working.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert done == ["done"]
