"""`check`: probe both systems without writing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from reconciler.cli.options import Json
from reconciler.cli.output import plain, print_json, print_table
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.check import EntityCheck, SystemCheck

_NOT_READABLE = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="check")(check)


def check(context: typer.Context, json: Json = False) -> None:
    """Probe both systems without writing: credentials, each entity and field, what limits the integration."""
    from reconciler.app.check import check_systems

    systems = with_workspace(context, check_systems)
    if json:
        print_json({system.side: asdict(system) for system in systems})
    else:
        for system in systems:
            _print(system)
    raise typer.Exit(0 if all(system.readable for system in systems) else _NOT_READABLE)


def _print(system: SystemCheck) -> None:
    state = "can be read" if system.readable else "cannot be read completely" if system.reachable else "cannot be read"
    typer.echo(f"{system.side.upper()}  {system.title} ({system.vendor}): {state}; grade {system.grade}")
    if system.failure:
        typer.echo(f"  {plain(system.failure)}")
    for port in system.ports:
        typer.echo(f"  {port.rank}. {port.port}: {port.grade} ({port.why})")
    if system.entities:
        print_table(
            ("  entity", "read", "of", "rejected", "verified", "can", "problem"),
            [_row(name, entity) for name, entity in system.entities.items()],
            right=(1, 2, 3),
            widest=80,
        )
    for limit in system.limits:
        typer.echo(f"  - {plain(limit)}")
    typer.echo()


def _row(name: str, entity: EntityCheck) -> tuple[object, ...]:
    unreadable = ", ".join(f"{field} unreadable in {count}" for field, count in entity.unreadable.items())
    return (
        f"  {name}",
        entity.read,
        "?" if entity.total is None else entity.total,
        entity.rejected,
        entity.verified,
        ", ".join(entity.abilities),
        entity.failure or unreadable,
    )
