"""`findings filters`: the filters that a person gave a name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import Json, settings_of
from reconciler.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from reconciler.app.review.own_filters import OwnFilters
    from reconciler.store.state.records import FindingFilter

_Name = Annotated[str, typer.Argument(help="Name of the filter.")]


def register(findings: typer.Typer) -> None:
    """Add the commands to `findings`."""
    filters = typer.Typer(help="Filters of your own, by name: tabs of the review.", no_args_is_help=True)
    filters.command(name="list")(list_filters)
    filters.command(name="save")(save)
    filters.command(name="rename")(rename)
    filters.command(name="remove")(remove)
    findings.add_typer(filters, name="filters")


def own_filters(context: typer.Context) -> OwnFilters:
    """Those of whoever runs the command, for the project."""
    from reconciler.app.review.own_filters import OwnFilters
    from reconciler.project import load_project

    return OwnFilters.of(os.environ, load_project(settings_of(context).project_file).file.project.name)


def saved_filter(context: typer.Context, name: str) -> FindingFilter:
    """What a filter of one's own chooses now.

    Raises:
        RefusedError: there is none of that name.
        ConfigurationError: it was made for other words than there are now, or the file cannot be read.
    """
    from reconciler.errors import ConfigurationError
    from reconciler.phrases.phrase import phrase

    saved = own_filters(context).get(name).saved()
    if saved is None:
        raise ConfigurationError(phrase("the filter “{name}” names what there is not.", name=name))
    return saved.filter


def list_filters(context: typer.Context, json: Json = False) -> None:
    """List them."""
    own = own_filters(context).listed()
    if json:
        print_json([{"name": each.name, "tab": each.tab, "filter": each.typed} for each in own])
        return
    print_table(("name", "tab", "filter"), [(each.name, each.tab, each.typed) for each in own])
    if not own:
        say("No filter of your own.")


def save(
    context: typer.Context,
    name: _Name,
    filter_: Annotated[str, typer.Argument(metavar="FILTER", help="As behind / in the review: `cause:accents acme`.")],
    tab: Annotated[str, typer.Option(help="The usual filter it narrows: open, differs, missing, …")] = "open",
) -> None:
    """Save a filter under a name, or another one under the same name."""
    from reconciler.app.review.own_filters import OwnFilter
    from reconciler.errors import RefusedError
    from reconciler.phrases.phrase import phrase

    wanted = OwnFilter.model_construct(name=name, tab=tab, typed=filter_)
    if wanted.saved() is None:
        raise RefusedError(phrase("the filter “{name}” names what there is not.", name=name))
    own_filters(context).save(wanted)
    say(f"Saved “{name}”.")


def rename(context: typer.Context, name: _Name, new: Annotated[str, typer.Argument(help="Its new name.")]) -> None:
    """Give a filter another name."""
    own_filters(context).rename(name, new)
    say(f"“{name}” is called “{new}” now.")


def remove(context: typer.Context, name: _Name) -> None:
    """Forget a filter. No finding is changed."""
    own_filters(context).remove(name)
    say(f"Removed “{name}”.")
