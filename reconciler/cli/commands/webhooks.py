"""`webhooks`: registering our addresses with the systems, and what waits because of deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import Json
from reconciler.cli.output import print_json, print_table, say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.webhooks.registration import ListedWebhook, RegistrationOutcome
    from reconciler.app.wire import Workspace
    from reconciler.model.entities import Side
    from reconciler.store.state.webhook_records import PendingHint, QueueLength

SideChoice = Annotated[str | None, typer.Option("--side", help="crm or erp; both by default.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    webhooks = typer.Typer(help="Call-backs of the systems, and what waits because of them.", no_args_is_help=True)
    webhooks.command(name="register")(register_webhooks)
    webhooks.command(name="list")(list_webhooks)
    webhooks.command(name="unregister")(unregister_webhooks)
    webhooks.command(name="queue")(show_queue)
    webhooks.command(name="retry")(retry)
    app.add_typer(webhooks, name="webhooks")


def register_webhooks(
    context: typer.Context,
    url: Annotated[
        str, typer.Option(help="How the systems call this service, such as https://reconciler.example.com.")
    ],
    side: SideChoice = None,
    renew: Annotated[bool, typer.Option("--renew", help="Make every registration anew, with a new secret.")] = False,
    json: Json = False,
) -> None:
    """Register our address for every entity in scope. Doing it twice changes nothing."""
    from reconciler.app.webhooks.registration import callback_address, open_registrar

    async def work(workspace: Workspace) -> list[RegistrationOutcome]:
        outcomes: list[RegistrationOutcome] = []
        for each in _sides(workspace, side):
            address = callback_address(url, each)
            async with open_registrar(workspace, each) as (registrar, secret):
                outcomes += await registrar.register(address, secret, renew=renew)
        return outcomes

    outcomes = with_workspace(context, work)
    if json:
        print_json([asdict(outcome) for outcome in outcomes])
        return
    rows = [(each.side.value, each.entity, _shown(each.values), each.id, each.done) for each in outcomes]
    print_table(("side", "entity", "event", "id", ""), rows)


def list_webhooks(context: typer.Context, side: SideChoice = None, json: Json = False) -> None:
    """List what the systems have registered."""
    from reconciler.app.webhooks.registration import open_registrar

    async def work(workspace: Workspace) -> list[ListedWebhook]:
        listed: list[ListedWebhook] = []
        for each in _sides(workspace, side):
            async with open_registrar(workspace, each) as (registrar, _):
                listed += await registrar.listed()
        return listed

    listed = with_workspace(context, work)
    if json:
        print_json([asdict(each) for each in listed])
        return
    rows = [
        (
            each.side.value,
            each.id,
            each.entity or "",
            "on" if each.active else "off",
            "yes" if each.ours else "",
            each.url,
        )
        for each in listed
    ]
    print_table(("side", "id", "entity", "", "ours", "address"), rows, widest=100)


def unregister_webhooks(
    context: typer.Context,
    side: SideChoice = None,
    url: Annotated[
        str | None, typer.Option(help="Only what leads here; everything registered from here by default.")
    ] = None,
    json: Json = False,
) -> None:
    """Remove our registrations from the systems."""
    from reconciler.app.webhooks.registration import callback_address, open_registrar

    async def work(workspace: Workspace) -> dict[str, int]:
        removed: dict[str, int] = {}
        for each in _sides(workspace, side):
            async with open_registrar(workspace, each) as (registrar, _):
                removed[each.value] = await registrar.unregister(None if url is None else callback_address(url, each))
        return removed

    removed = with_workspace(context, work)
    if json:
        print_json(removed)
        return
    for name, count in removed.items():
        typer.echo(f"{name}: {count} removed")


def show_queue(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most this many records.")] = 50,
    json: Json = False,
) -> None:
    """Show the records that wait to be read again, those given up first."""

    async def work(workspace: Workspace) -> tuple[QueueLength, list[PendingHint]]:
        return await workspace.state.webhooks.length(), await workspace.state.webhooks.waiting(limit)

    length, hints = with_workspace(context, work)
    if json:
        print_json({**asdict(length), "records": [asdict(hint) for hint in hints]})
        return
    typer.echo(f"{length.pending} waiting, {length.dead} given up\n")
    print_table(
        ("side", "entity", "record", "", "attempts", "problem"),
        [
            (hint.side.value, hint.entity, hint.record_id, "given up" if hint.dead else "", hint.attempts, hint.problem)
            for hint in hints
        ],
        right=(4,),
        widest=90,
    )


def retry(context: typer.Context, json: Json = False) -> None:
    """Let every record that was given up wait again."""
    revived = with_workspace(context, lambda workspace: workspace.state.webhooks.revive())
    if json:
        print_json({"revived": revived})
        return
    say(f"{revived} records wait again.")


def _sides(workspace: Workspace, chosen: str | None) -> Sequence[Side]:
    """The side asked for, or those whose description says how webhooks are registered."""
    from reconciler.app.webhooks.registration import sides_with_registration
    from reconciler.errors import ConfigurationError
    from reconciler.model.entities import Side

    if chosen is not None:
        if chosen not in [side.value for side in Side]:
            raise ConfigurationError(f"“{chosen}” is not a side.", hint="Use crm or erp.")
        return [Side(chosen)]
    sides = sides_with_registration(workspace)
    if not sides:
        raise ConfigurationError(
            "neither description says how webhooks are registered.", hint="Register them in the systems' own settings."
        )
    return sides


def _shown(values: object) -> str:
    return ", ".join(f"{name} {value}" for name, value in dict(values).items()) if isinstance(values, dict) else ""
