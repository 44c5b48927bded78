"""What types alone cannot say about the tax call of a description: what is sent, matched and read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.connectors.description import Description
from reconciler.connectors.tax.call import (
    CUSTOMER_ID,
    CUSTOMER_RECORD,
    LINE_NAMES,
    PRODUCT_ID,
    PRODUCT_RECORD,
    QUOTE_NAMES,
    TaxAnswer,
    TaxCall,
    TaxList,
    TaxPaths,
)
from reconciler.connectors.tax.request import refers_to
from reconciler.mapping.path import MappingSyntaxError, parse_path
from reconciler.ports.http.checks import Names, check_references, check_request
from reconciler.ports.http.references import whole_reference
from reconciler.toml_file import KeyPath, Problem, suggestion

_PLACE: Final[KeyPath] = ("taxes",)
_PRODUCTS: Final = ("line.sku", PRODUCT_ID)
_PRICES: Final = ("line.unit_price", "line.net_unit_price", "line.total")
_DISCOUNTS: Final = ("line.discount", "line.discount_amount", "line.net_unit_price", "line.total")
_VALUES: Final = ("rate", "base", "amount", "deduction", "code")


def tax_problems(description: Description) -> Iterator[Problem]:
    """Mistakes in `taxes`. What is told names paths and options of the description only."""
    call = description.taxes
    if call is None:
        return
    if description.http is None or call.request.soap is not None:
        yield Problem(_PLACE, "taxes are asked for over HTTP, with a body that is a table")
        return
    if "erp" not in description.vendor.roles:
        yield Problem(_PLACE, "taxes are asked of an ERP, and this system is none")
    yield from _Requests(description, call).problems()
    yield from _answer_problems((*_PLACE, "answer"), call)


@dataclass(frozen=True, slots=True)
class _Requests:
    """What is sent."""

    description: Description
    call: TaxCall

    def problems(self) -> Iterator[Problem]:
        yield from self._references()
        yield from self._otherwise()
        yield from self._records()
        yield from self._content()
        yield from self._unused_context()

    def _context(self) -> dict[str, str]:
        return {**self.description.vendor.context, **self.call.context, **self.call.optional_context}

    def _references(self) -> Iterator[Problem]:
        http, call = self.description.http, self.call
        if http is None:
            return
        of_quote = (*QUOTE_NAMES, *(f"{CUSTOMER_RECORD}.{name}" for name in call.customer_values))
        of_line = (*LINE_NAMES, *(f"{PRODUCT_RECORD}.{name}" for name in call.product_values))
        all_names = Names.of(http, self.description.vendor.credentials, self._context())
        outside = all_names.and_also(*of_quote, *(of_line if call.mode == "item" else ()))
        yield from check_request(call.request.model_copy(update={"body": None}), outside, (*_PLACE, "request"))
        # Bodies are put together before credentials and sessions are known.
        in_body = Names(tuple(f"context.{name}" for name in self._context())).and_also(*of_quote)
        names = in_body.and_also(*(of_line if call.mode == "item" else ("lines",)))
        yield from check_references(call.request.body, names, (*_PLACE, "request", "body"))
        if call.prospect is not None:
            yield from check_references(call.prospect.body, names, (*_PLACE, "prospect", "body"))
        yield from check_references(call.line, in_body.and_also(*of_line), (*_PLACE, "line"))

    def _otherwise(self) -> Iterator[Problem]:
        for name, reference in self.call.otherwise.items():
            found = whole_reference(reference)
            place = (*_PLACE, "otherwise", name)
            if found is None or not found.startswith("context."):
                yield Problem(place, "must be a value of the ERP context as a whole", 'Example: "$context.name".')
            elif found.removeprefix("context.") not in self._context():
                yield Problem(place, f"refers to {found}, which is not known here", "Declare it in taxes.context.")

    def _records(self) -> Iterator[Problem]:
        for name, entity in ((CUSTOMER_ID, "customers"), (PRODUCT_ID, "products")):
            if self._sends(name) and entity not in self.description.entities:
                yield Problem(_PLACE, f"refers to {name}, and the description has no {entity} to find it in")
        for option, entity in (("customer_values", "customers"), ("product_values", "products")):
            yield from self._value_paths(option, entity)
        prospect = self.call.prospect
        for name in (CUSTOMER_ID, CUSTOMER_RECORD):
            if prospect is not None and refers_to(prospect.body, name):
                yield Problem((*_PLACE, "prospect", "body"), f"refers to {name}, which a prospect has not")

    def _value_paths(self, option: str, entity: str) -> Iterator[Problem]:
        source = self.description.entities.get(entity)
        for name, path in getattr(self.call, option).items():
            place = (*_PLACE, option, name)
            if source is None or source.find is None:
                yield Problem(place, f"needs the listing `find` of {entity}, which gives the record")
                return
            try:
                parse_path(path, source.slots)
            except MappingSyntaxError as error:
                yield Problem(place, str(error))

    def _content(self) -> Iterator[Problem]:
        call, body = self.call, (*_PLACE, "request", "body")
        if not isinstance(call.request.body, dict):
            yield Problem(body, "must be a table")
            return
        if call.mode == "document":
            bodies = {body: call.request.body}
            if call.prospect is not None:
                bodies[*_PLACE, "prospect", "body"] = call.prospect.body
            for place, each in bodies.items():
                if not refers_to(each, "lines"):
                    yield Problem(place, "never uses lines, and would ask about none", 'Put "$lines" in it.')
        elif call.line:
            yield Problem((*_PLACE, "line"), "is for calls about the whole document; here each item is a call")
            return
        place = (*_PLACE, "line") if call.mode == "document" else body
        for names, consequence in (
            (_PRODUCTS, "would not say which product"),
            (("line.quantity",), "would not say how many"),
            (_PRICES, "would not say at what price"),
            (_DISCOUNTS, "would ignore the discount"),
        ):
            if not any(refers_to(self._about_lines(), name) for name in names):
                yield Problem(place, f"never uses {names[0]}, and {consequence}")

    def _about_lines(self) -> list[object]:
        call = self.call
        return [call.line] if call.mode == "document" else [call.request.body, call.request.path]

    def _sends(self, name: str) -> bool:
        call = self.call
        prospect = {} if call.prospect is None else call.prospect.body
        return refers_to([call.request.model_dump(), call.line, prospect], name)

    def _unused_context(self) -> Iterator[Problem]:
        templates = [*self.call.otherwise.values()]
        for option in ("context", "optional_context"):
            for name in getattr(self.call, option):
                if not self._sends(f"context.{name}") and not refers_to(templates, f"context.{name}"):
                    yield Problem((*_PLACE, option, name), "is asked for, and the call does not use it")


def _answer_problems(place: KeyPath, call: TaxCall) -> Iterator[Problem]:
    answer = call.answer
    for option in ("lines", "id", "goods", "taxes_total"):
        yield from _path_problems((*place, option), getattr(answer, option))
    yield from _matching_problems(place, call)
    if (answer.listed is None) == (answer.columns is None):
        yield Problem(place, "needs either listed or columns, which say where the taxes of a line are")
    if answer.listed is not None:
        yield from _list_problems((*place, "listed"), answer.listed, call)
    for position, column in enumerate(answer.columns or ()):
        yield from _value_problems((*place, "columns", position), column, call)
    yield from _total_problems((*place, "totals"), answer, call)
    if answer.currency is not None:
        yield from _path_problems((*place, "currency", "path"), answer.currency.path)


def _matching_problems(place: KeyPath, call: TaxCall) -> Iterator[Problem]:
    answer = call.answer
    for path, name in answer.echoes.items():
        yield from _path_problems((*place, "echoes", path), path)
        if name not in LINE_NAMES:
            yield Problem((*place, "echoes", path), f"{name} is not sent with a line", suggestion(name, LINE_NAMES))
        elif name.startswith(PRODUCT_ID) and not refers_to([call.line, call.request.body], PRODUCT_ID):
            yield Problem((*place, "echoes", path), f"{name} is not sent, and so not known")
    if call.mode == "item":
        if answer.id is not None:
            yield Problem((*place, "id"), "a call about one item needs no id to be matched")
        return
    if answer.id is not None:
        if not any(refers_to(call.line, name) for name in ("line.id", "line.number")):
            yield Problem((*place, "id"), "can come back only if line.id or line.number is sent")
    elif not any(name.startswith(_PRODUCTS) for name in answer.echoes.values()):
        hint = 'Add the product to echoes, as in { code = "line.sku" }, or the path of the id that was sent.'
        yield Problem(place, "nothing proves which line of the answer is about which line of the quote", hint)


def _list_problems(place: KeyPath, listed: TaxList, call: TaxCall) -> Iterator[Problem]:
    for option in ("path", "kind"):
        yield from _path_problems((*place, option), getattr(listed, option))
    yield from _value_problems(place, listed, call)
    for name, known in listed.kinds.items():
        if known.charge is None and listed.charge is None:
            hint = 'Add charge = "in_price", "added" or "informative".'
            yield Problem((*place, "kinds", name), "nothing says whether the price already holds it", hint)
    if listed.charge is not None:
        yield from _path_problems((*place, "charge", "path"), listed.charge.path)
    for position, also in enumerate(listed.also):
        at = (*place, "also", position)
        yield from _value_problems(at, also, call)
        if also.inside not in listed.kinds:
            yield Problem((*at, "inside"), "is not one of kinds", suggestion(also.inside, listed.kinds))


def _value_problems(place: KeyPath, paths: TaxPaths, call: TaxCall) -> Iterator[Problem]:
    for option in _VALUES:
        yield from _path_problems((*place, option), getattr(paths, option))
    if call.yields == "amounts" and paths.amount is None:
        yield Problem(place, "does not say where the amount is")
    if call.yields == "rates" and (paths.rate is None or paths.amount is not None):
        yield Problem(place, "a call that yields rates has a rate and no amount")


def _total_problems(place: KeyPath, answer: TaxAnswer, call: TaxCall) -> Iterator[Problem]:
    totals: Mapping[str, object] = answer.totals.model_dump()
    said = [name for name, value in totals.items() if value is not None]
    if said and call.mode == "item":
        yield Problem(place, "a call about one item has no totals of the document")
    for option in ("goods", "added", "in_price", "taxes", "total"):
        yield from _path_problems((*place, option), getattr(answer.totals, option))
    by_kind = answer.totals.by_kind
    if by_kind is not None:
        for option in ("path", "kind", "amount"):
            yield from _path_problems((*place, "by_kind", option), getattr(by_kind, option))
        if answer.listed is None:
            yield Problem((*place, "by_kind"), "names kinds as listed.kinds does, and there is none")


def _path_problems(place: Sequence[str | int], path: str | None) -> Iterator[Problem]:
    if path and ("[" in path or not all(path.split("."))):
        yield Problem(
            tuple(place), "is not a path into the answer: names and positions with dots between, as in `result.0.name`"
        )
