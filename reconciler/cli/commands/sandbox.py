"""`sandbox`: the stand-in CRM and ERP, running until they are stopped."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import settings_of
from reconciler.cli.output import say
from reconciler.logs import configure_logging

if TYPE_CHECKING:
    from reconciler.sandbox.start import SandboxOptions


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="sandbox")(sandbox)


def sandbox(
    context: typer.Context,
    directory: Annotated[Path, typer.Option("--dir", help="Where reconciler.toml and truth.json are written.")] = Path(
        "sandbox"
    ),
    load: Annotated[
        Path | None, typer.Option(help="Initial records from this JSON file instead of made-up ones.")
    ] = None,
    customers: Annotated[int, typer.Option(min=1, help="How many customers; everything else follows.")] = 120,
    seed: Annotated[int, typer.Option(help="Same seed, same data.")] = 1,
    misbehave: Annotated[
        str | None, typer.Option(help="429, empty200, slow, drop, lost, late, truncate, html502, shift, expire, mixed.")
    ] = None,
    misbehave_every: Annotated[int, typer.Option(min=1, help="Misbehave on every n-th data request.")] = 3,
    crm_calls_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Rate limit of the CRM (Ploomes allows 120).")
    ] = None,
) -> None:
    """Start a stand-in CRM and ERP on loopback and run until SIGTERM or Ctrl-C."""
    from reconciler.sandbox.start import SandboxOptions

    configure_logging(debug=settings_of(context).debug)
    options = SandboxOptions(
        customers=customers,
        seed=seed,
        load=load,
        misbehave=misbehave,
        misbehave_every=misbehave_every,
        crm_calls_per_minute=crm_calls_per_minute,
    )
    asyncio.run(_serve(options, directory))


async def _serve(options: SandboxOptions, directory: Path) -> None:
    import orjson

    from reconciler.sandbox.start import running_sandbox

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running_sandbox(options) as running:
        running.write_files(directory)
        systems = {
            "crm": running.crm,
            "erp": running.erp,
            "erp_soap": running.erp_soap,
            "erp_files": running.erp_files(directory),
        }
        line = {
            side: {"vendor": endpoint.vendor, "base_url": endpoint.base_url, "credentials": dict(endpoint.credentials)}
            for side, endpoint in systems.items()
        }
        where = {"project": str(directory / "reconciler.toml"), "truth": str(directory / "truth.json")}
        typer.echo(orjson.dumps({**line, **where}).decode())
        say(f"Reconcile them with: reconciler --project {directory / 'reconciler.toml'} run")
        await stop.wait()
