"""`taxes`: what the ERP says of the taxes of a quote, now."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from reconciler.cli.options import Json
from reconciler.cli.output import plain, print_json, print_table
from reconciler.cli.workspace import with_workspace
from reconciler.errors import WrongQuoteError

if TYPE_CHECKING:
    from reconciler.app.tax_run import DriftNow
    from reconciler.app.taxes import TaxAnswer
    from reconciler.app.wire import Workspace

_UNAVAILABLE: Final = 3
_MOST_BYTES: Final = 1024 * 1024
_STANDARD_INPUT: Final = "-"
_HEADINGS: Final = ("line", "sku", "goods", "tax", "base", "rate", "amount", "effect", "code")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    taxes = typer.Typer(help="Taxes of a quote, asked from the ERP now.", no_args_is_help=True)
    taxes.command(name="quote")(quote)
    taxes.command(name="lookup")(lookup)
    taxes.command(name="drift")(drift)
    app.add_typer(taxes, name="taxes")


def quote(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="Number of a quote in the CRM; its latest revision counts.")],
    json: Json = False,
) -> None:
    """Taxes of a quote of the CRM as it is now."""

    from reconciler.app.taxes import taxes_of_quote

    teller = _Teller(json)
    with_workspace(context, lambda workspace: taxes_of_quote(workspace, number, teller.tell))
    raise typer.Exit(teller.exit_code)


def lookup(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A JSON file with a would-be quote, or - for standard input.")],
    json: Json = False,
) -> None:
    """Taxes of a would-be quote, written as in POST /v1/taxes."""
    from reconciler.app.taxes import taxes_of_would_be

    document = _decoded(_content(file))
    teller = _Teller(json)
    with_workspace(context, lambda workspace: taxes_of_would_be(workspace, document, teller.tell))
    raise typer.Exit(teller.exit_code)


def drift(
    context: typer.Context,
    quote: Annotated[
        str | None, typer.Option("--quote", help="Only this quote, whatever its status; all open ones by default.")
    ] = None,
    json: Json = False,
) -> None:
    """What open quotes carry, against the ERP's answers now. Exit 1: some drifted. 3: a system gave no answer."""
    from reconciler.app.tax_run import drift_now
    from reconciler.cli.progress import TerminalProgress
    from reconciler.cli.tax_drift_tables import print_drift
    from reconciler.model.entities import Side

    async def compare(workspace: Workspace) -> DriftNow:
        with TerminalProgress() as progress:

            def told(done: int, total: int) -> None:
                progress.pulling(Side.ERP, "taxes", done, total)

            return await drift_now(workspace, quote, told)

    found = with_workspace(context, compare)
    if json:
        print_json(found.document)
    else:
        print_drift(found.document)
    raise typer.Exit(found.exit_code)


class _Teller:
    """Prints an answer when it comes, and keeps what the command ends with."""

    def __init__(self, json: bool) -> None:
        self._json = json
        self.exit_code = _UNAVAILABLE

    def tell(self, answer: TaxAnswer) -> None:
        document = answer.document
        if document["status"] == "calculated":
            self.exit_code = 0
        if self._json:
            print_json(document)
        elif document["status"] == "calculated":
            _print(answer)
        else:
            typer.echo(f"unavailable: {plain(document['message'])} ({document['reason']})")
            _print_rates(document)
        # Whoever waits at the other end of a pipe has it now, and not when the connections are closed.
        sys.stdout.flush()


def _content(file: str) -> bytes:
    try:
        if file == _STANDARD_INPUT:
            content = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with Path(file).open("rb") as stream:
                content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise WrongQuoteError(f"{file}: cannot be read: {error.strerror or 'unknown reason'}.") from error
    if len(content) > _MOST_BYTES:
        raise WrongQuoteError(f"a would-be quote has at most {_MOST_BYTES} bytes.")
    return content


def _decoded(content: bytes) -> object:
    import orjson

    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise WrongQuoteError(f"the would-be quote is not JSON: {error}.") from error


def _print(answer: TaxAnswer) -> None:
    document = answer.document
    print_table(_HEADINGS, _rows(answer), right=(2, 4, 5, 6))
    totals = document["totals"]
    typer.echo()
    for name in ("goods", "taxes_added", "taxes_in_price", "taxes_informative", "total"):
        typer.echo(f"{name.replace('_', ' '):<18} {totals[name]:>16} {document['currency']}")
    age = f", {document['age_s']:.0f} s old" if document["source"] == "cached" else ""
    typer.echo(f"{document['source']} from {document['system']} at {document['as_of']}{age}")
    for warning in document["warnings"]:
        typer.echo(f"warning: {plain(warning['message'])} ({warning['code']})")


def _rows(answer: TaxAnswer) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for asked, line in zip(answer.question.lines, answer.document["lines"], strict=True):
        head: tuple[object, ...] = (line["line"], asked.sku, line["goods"])
        for tax in line["taxes"] or [None]:
            rows.append((*head, *(_cells(tax) if tax is not None else ("none",))))
            head = ("", "", "")
    return rows


def _cells(tax: dict[str, Any]) -> tuple[object, ...]:
    effect = "in price" if tax["in_price"] else "informative" if tax["informative"] else "added"
    return (tax["kind"], tax["base"], tax["rate"], tax["amount"], effect, tax["code"])


def _print_rates(document: dict[str, Any]) -> None:
    for line in document.get("rates", []):
        stated = ", ".join(f"{each['kind']} {each['rate']}" for each in line["rates"])
        typer.echo(f"  line {plain(line['line'])}: {stated or 'no rates'}")
