"""The commands, one module each; every module registers its own."""

import typer


def register(app: typer.Typer) -> None:
    """Add every command to the app, in the order `--help` shows them."""
    from reconciler.cli.commands import (
        audit,
        check,
        corrections,
        findings,
        init,
        run,
        runs,
        sandbox,
        schedule,
        scope,
        serve,
        taxes,
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
        schedule,
        serve,
        webhooks,
        sandbox,
    ):
        module.register(app)
