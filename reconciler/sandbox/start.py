"""Starts both stand-in systems on loopback and says how to reach them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from reconciler.errors import ConfigurationError
from reconciler.sandbox.crm.server import CrmServer
from reconciler.sandbox.erp.files import ErpFiles
from reconciler.sandbox.erp.server import ErpServer
from reconciler.sandbox.faults import FaultPlan, fault_kind
from reconciler.sandbox.generator.dataset import generate
from reconciler.sandbox.load import Collections, read_records
from reconciler.sandbox.project_file import project_text, write_project

CRM_USER_KEY: Final = "sandbox-user-key"
ERP_USER: Final = "integracao"
ERP_PASSWORD: Final = "sandbox-erp-password"
ERP_FILES: Final = "erp_files"
_HOST: Final = "127.0.0.1"
_SHUTDOWN_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """What the stand-in systems hold and how they behave.

    Attributes:
        customers: size of the generated data, from 1; products, orders and quotes follow.
        seed: the same seed gives the same data.
        load: a JSON file of records to hold instead of generated ones; then nothing is planted.
        misbehave: name of a fault (`faults.FaultKind`), or None.
        misbehave_every: the fault hits every N-th data request.
        crm_calls_per_minute: limit on calls to the CRM, or None for none.
    """

    customers: int = 120
    seed: int = 1
    load: Path | None = None
    misbehave: str | None = None
    misbehave_every: int = 3
    crm_calls_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How one of the systems is reached: what goes into the `[crm]` or `[erp]` table of a project file."""

    vendor: str
    base_url: str
    credentials: dict[str, str]


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """Two systems that answer. `truth` lists what was planted, as `truth.json` does.

    Attributes:
        erp_soap: the same ERP, spoken to in SOAP.
        files: the same ERP, as a system that exports files; `write_files` names the folder.
    """

    crm: Endpoint
    erp: Endpoint
    erp_soap: Endpoint
    files: ErpFiles
    truth: list[dict[str, str | None]]
    crm_calls_per_minute: int | None = None

    def write_files(self, directory: Path) -> tuple[Path, Path]:
        """Write `reconciler.toml`, ready to use, and `truth.json`; their paths, in that order.

        The ERP exports its files into `erp_files` of the folder.

        Raises:
            RefusedError: the folder holds a project file that the sandbox did not write.
            ConfigurationError: the folder cannot be written.
        """
        systems = {"crm": self.crm, "erp": self.erp}
        text = project_text(
            {side: (end.vendor, end.base_url, end.credentials) for side, end in systems.items()},
            self.crm_calls_per_minute,
        )
        written = write_project(directory, text, self.truth)
        self.files.export_to(directory / ERP_FILES)
        return written

    def erp_files(self, directory: Path) -> Endpoint:
        """The ERP as `write_files` has it export."""
        return Endpoint("sandbox_erp_files", str((directory / ERP_FILES).absolute()), dict(self.erp.credentials))


@asynccontextmanager
async def running_sandbox(options: SandboxOptions) -> AsyncIterator[RunningSandbox]:
    """Both systems, answering until the block is left. Ports are chosen by the operating system.

    Raises:
        ConfigurationError: an option is wrong, or the file to load is unusable.
    """
    _check(options)
    # Making a large data set takes seconds: the loop stays free to hear a signal meanwhile.
    crm_records, erp_records, truth = await asyncio.to_thread(_records, options)
    crm = CrmServer(
        crm_records,
        user_key=CRM_USER_KEY,
        calls_per_minute=options.crm_calls_per_minute,
        plan=_plan(options),
    )
    erp = ErpServer(erp_records, user=ERP_USER, password=ERP_PASSWORD, plan=_plan(options))
    async with served(crm.application()) as crm_url, served(erp.application()) as erp_url:
        erp_login = {"user": ERP_USER, "password": ERP_PASSWORD}
        yield RunningSandbox(
            Endpoint("ploomes", crm_url, {"user_key": CRM_USER_KEY}),
            Endpoint("sandbox_erp", f"{erp_url}/api", erp_login),
            Endpoint("sandbox_erp_soap", f"{erp_url}/soap", erp_login),
            erp.files,
            truth,
            options.crm_calls_per_minute,
        )


@asynccontextmanager
async def served(application: web.Application) -> AsyncIterator[str]:
    """The application, answering on a free loopback port; its address, without a slash at the end."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, _HOST, 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://{_HOST}:{port}"
    finally:
        await runner.cleanup()


def _check(options: SandboxOptions) -> None:
    if options.load is None and options.customers < 1:
        raise ConfigurationError(f"customers is {options.customers}; the sandbox needs at least 1.")
    if options.crm_calls_per_minute is not None and options.crm_calls_per_minute < 1:
        raise ConfigurationError("The limit on calls per minute is a whole number from 1.")
    _plan(options)


def _plan(options: SandboxOptions) -> FaultPlan:
    return FaultPlan(fault_kind(options.misbehave or "none"), options.misbehave_every)


def _records(options: SandboxOptions) -> tuple[Collections, Collections, list[dict[str, str | None]]]:
    if options.load is not None:
        return (*read_records(options.load), [])
    dataset = generate(options.customers, options.seed)
    return dataset.crm, dataset.erp, [planted.as_json() for planted in dataset.planted]
