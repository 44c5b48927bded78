"""Shorthands for tests of received files: listings, settings, ports on a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from reconciler.ports.files.address import FolderAddress
from reconciler.ports.files.formats import FileFormat
from reconciler.ports.files.ledger import FileLedger
from reconciler.ports.files.port import FilePort
from reconciler.ports.files.settings import FileListing, FileSettings
from reconciler.store.state.state import State

NOW = datetime(2026, 7, 20, 8, 0, tzinfo=UTC)
CSV: FileFormat = TypeAdapter(FileFormat).validate_python({"kind": "delimited", "delimiter": ";"})


def listing(**changes: Any) -> FileListing:
    """Customers in CSV files, by code."""
    return FileListing(**{"pattern": "customers*.csv", "format": CSV, "id": "code", **changes})


def settings(**changes: Any) -> FileSettings:
    """Nothing is waited for."""
    return FileSettings(**{"settle_s": 0, "first_wait_s": 0.001, "timeout_s": 10, "connect_timeout_s": 5, **changes})


def write(path: Path, *rows: str, at: datetime = NOW) -> bytes:
    """A CSV file of codes and names, as written at that moment; its content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "\n".join(("code;name", *rows, "")).encode()
    path.write_bytes(content)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return content


@asynccontextmanager
async def ledger_in(folder: Path) -> AsyncIterator[FileLedger]:
    """The ledger of a state in that folder."""
    async with State.open("sqlite:///state.db", folder) as state:
        yield state.file_ledger("erp")


@asynccontextmanager
async def port_on(
    remote: Path | str,
    folder: Path,
    ledger: FileLedger,
    *,
    clock: Callable[[], datetime] = lambda: NOW,
    take_in: bool = True,
    credentials: Mapping[str, str] = MappingProxyType({}),
    **changes: Any,
) -> AsyncIterator[FilePort]:
    """A port to an address or a folder. The archive is `folder/received`."""
    async with FilePort(
        "erp",
        settings(**changes),
        address=FolderAddress.parse(str(remote), folder),
        credentials={"password": "made-up-password", **credentials},
        context={},
        project_folder=folder,
        ledger=ledger,
        archive=folder / "received",
        take_in=take_in,
        clock=clock,
    ) as port:
        yield port


async def records_of(port: FilePort, wanted: FileListing) -> list[dict[str, Any]]:
    """All records that a port gives."""
    found: list[Any] = []
    async with aclosing(port.pages(wanted)) as pages:
        async for page in pages:
            found += page.records
    return found


async def names_of(port: FilePort, wanted: FileListing) -> dict[str, str]:
    """The name of each record, by code; every code must come once."""
    records = await records_of(port, wanted)
    found = {record["code"]: record["name"] for record in records}
    assert len(found) == len(records)
    return found
