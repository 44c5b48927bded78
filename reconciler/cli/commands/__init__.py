"""The commands, one module each; every module registers its own."""

import typer


def register(app: typer.Typer) -> None:
    """Add every command to the app, in the order `--help` shows them."""
    from reconciler.cli.commands import (
        audit,
        backup,
        check,
        corrections,
        doctor,
        findings,
        init,
        pilot,
        privacy,
        run,
        runs,
        sandbox,
        schedule,
        scope,
        serve,
        taxes,
        tokens,
        tui,
        vendors,
        webhooks,
    )

    for module in (
        init,
        vendors,
        check,
        scope,
        run,
        runs,
        findings,
        corrections,
        taxes,
        audit,
        pilot,
        schedule,
        doctor,
        backup,
        privacy,
        serve,
        tui,
        tokens,
        webhooks,
        sandbox,
    ):
        module.register(app)
