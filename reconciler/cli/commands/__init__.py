"""The commands, one module each; every module registers its own."""

import typer


def register(app: typer.Typer) -> None:
    """Add every command to the app, in the order `--help` shows them."""
    from reconciler.cli.commands import check, findings, init, run, runs, sandbox, scope, vendors

    for module in (init, vendors, check, scope, run, runs, findings, sandbox):
        module.register(app)
