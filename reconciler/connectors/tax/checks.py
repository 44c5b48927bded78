"""What types alone cannot say about the tax call of a description: what is sent, matched and read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.connectors.description import Description
from reconciler.connectors.tax.call import (
    CUSTOMER_ID,
    CUSTOMER_RECORD,
    DRAFT_MARK,
    DRAFT_NAMES,
    LINE_NAMES,
    PRODUCT_ID,
    PRODUCT_RECORD,
    QUOTE_NAMES,
    TaxAnswer,
    TaxCall,
    TaxList,
    TaxPaths,
)
from reconciler.connectors.tax.hook import Conversed, Hook, Talk
from reconciler.connectors.tax.request import refers_to
from reconciler.connectors.vendors import HOOKS
from reconciler.mapping.path import MappingSyntaxError, parse_path
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import Names, check_listing, check_path, check_references, check_request
from reconciler.ports.http.references import whole_reference
from reconciler.toml_file import KeyPath, Problem, suggestion

_PLACE: Final[KeyPath] = ("taxes",)
_OTHERS: Final[KeyPath] = ("other_taxes",)
_PRODUCTS: Final = ("line.sku", PRODUCT_ID)
_PRICES: Final = ("line.unit_price", "line.net_unit_price", "line.total")
_DISCOUNTS: Final = ("line.discount", "line.discount_rate", "line.discount_amount", "line.net_unit_price", "line.total")
_VALUES: Final = ("rate", "base", "amount", "deduction", "code")


async def _silent(talk: Talk) -> Conversed:
    raise TypeError(f"{talk.system} holds no conversation")


_NO_HOOK: Final = Hook((), (), (), (), _silent)


def tax_problems(description: Description) -> Iterator[Problem]:
    """Mistakes in `taxes` and `other_taxes`. What is told names paths and options of the description only."""
    if description.taxes is not None:
        yield from _call_problems(description, description.taxes)
    elif description.other_taxes:
        yield Problem(_OTHERS, phrase("are chosen instead of taxes, and there is none"))
    for name, call in description.other_taxes.items():
        for problem in _call_problems(description, call):
            yield Problem((*_OTHERS, name, *problem.path[len(_PLACE) :]), problem.text, problem.hint)


def _call_problems(description: Description, call: TaxCall) -> Iterator[Problem]:
    if description.http is None or call.request.soap is not None:
        yield Problem(_PLACE, phrase("taxes are asked for over HTTP, with a body that is a table"))
        return
    if "erp" not in description.vendor.roles:
        yield Problem(_PLACE, phrase("taxes are asked of an ERP, and this system is none"))
    yield from _Requests(description, call).problems()
    yield from _conversation_problems(call)
    yield from _draft_problems(description, call)
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
        hook = _hook(call)
        of_quote = (*QUOTE_NAMES, *(f"{CUSTOMER_RECORD}.{name}" for name in call.customer_values), *hook.quote_names)
        of_quote += (DRAFT_MARK,) if call.draft is not None else ()
        of_line = (*LINE_NAMES, *(f"{PRODUCT_RECORD}.{name}" for name in call.product_values), *hook.line_names)
        all_names = Names.of(http, self.description.vendor.credentials, self._context())
        outside = all_names.and_also(*of_quote, *(of_line if call.mode == "item" else ()))
        yield from check_request(call.request.model_copy(update={"body": None}), outside, (*_PLACE, "request"))
        for name, step in call.steps.items():
            yield from check_request(step, all_names.and_also(*of_quote, *of_line), (*_PLACE, "steps", name))
        # Bodies are put together before credentials and sessions are known, unless a hook does it.
        in_body = Names(tuple(f"context.{name}" for name in self._context())).and_also(*of_quote)
        if call.conversation is not None:
            in_body = all_names.and_also(*of_quote)
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
                yield Problem(
                    place, phrase("must be a value of the ERP context as a whole"), phrase('Example: "$context.name".')
                )
            elif found.removeprefix("context.") not in self._context():
                yield Problem(
                    place,
                    phrase("refers to {found}, which is not known here", found=found),
                    phrase("Declare it in taxes.context."),
                )

    def _records(self) -> Iterator[Problem]:
        for name, entity in ((CUSTOMER_ID, "customers"), (PRODUCT_ID, "products")):
            if self._sends(name) and entity not in self.description.entities:
                yield Problem(
                    _PLACE,
                    phrase(
                        "refers to {name}, and the description has no {entity} to find it in", name=name, entity=entity
                    ),
                )
        for option, entity in (("customer_values", "customers"), ("product_values", "products")):
            yield from self._value_paths(option, entity)
        prospect = self.call.prospect
        for name in (CUSTOMER_ID, CUSTOMER_RECORD):
            if prospect is not None and refers_to(prospect.body, name):
                yield Problem(
                    (*_PLACE, "prospect", "body"), phrase("refers to {name}, which a prospect has not", name=name)
                )

    def _value_paths(self, option: str, entity: str) -> Iterator[Problem]:
        source = self.description.entities.get(entity)
        for name, path in getattr(self.call, option).items():
            place = (*_PLACE, option, name)
            if source is None or source.find is None:
                yield Problem(
                    place, phrase("needs the listing `find` of {entity}, which gives the record", entity=entity)
                )
                return
            try:
                parse_path(path, source.slots)
            except MappingSyntaxError as error:
                yield Problem(place, str(error))

    def _content(self) -> Iterator[Problem]:
        call, body = self.call, (*_PLACE, "request", "body")
        if not isinstance(call.request.body, dict):
            yield Problem(body, phrase("must be a table"))
            return
        if call.mode == "document":
            bodies = {body: call.request.body}
            if call.prospect is not None:
                bodies[*_PLACE, "prospect", "body"] = call.prospect.body
            for place, each in bodies.items():
                if not refers_to(each, "lines"):
                    yield Problem(
                        place, phrase("never uses lines, and would ask about none"), phrase('Put "$lines" in it.')
                    )
        elif call.line:
            yield Problem((*_PLACE, "line"), phrase("is for calls about the whole document; here each item is a call"))
            return
        place = (*_PLACE, "line") if call.mode == "document" else body
        needed = [
            (_PRODUCTS, phrase("would not say which product")),
            (("line.quantity",), phrase("would not say how many")),
            (_PRICES, phrase("would not say at what price")),
            (_DISCOUNTS, phrase("would ignore the discount")),
        ]
        # A rate is that of the product, however many are sold at whatever price.
        for names, consequence in needed[:1] if call.yields == "rates" else needed:
            if not any(refers_to(self._about_lines(), name) for name in names):
                yield Problem(
                    place, phrase("never uses {name}, and {consequence}", name=names[0], consequence=consequence)
                )

    def _about_lines(self) -> list[object]:
        call = self.call
        if call.mode == "document":
            return [call.line, *(step.body for step in call.steps.values())]
        return [call.request.body, call.request.path]

    def _sends(self, name: str) -> bool:
        call = self.call
        prospect = {} if call.prospect is None else call.prospect.body
        steps = [step.model_dump() for step in call.steps.values()]
        return refers_to([call.request.model_dump(), call.line, prospect, *steps], name)

    def _unused_context(self) -> Iterator[Problem]:
        templates = [*self.call.otherwise.values()]
        for option in ("context", "optional_context"):
            for name in getattr(self.call, option):
                if not self._sends(f"context.{name}") and not refers_to(templates, f"context.{name}"):
                    yield Problem((*_PLACE, option, name), phrase("is asked for, and the call does not use it"))


def _sent_bodies(call: TaxCall) -> list[object]:
    return [call.line, call.request.body, *(step.body for step in call.steps.values())]


def _hook(call: TaxCall) -> Hook:
    return HOOKS.get(call.conversation or "", _NO_HOOK)


def _conversation_problems(call: TaxCall) -> Iterator[Problem]:
    if call.conversation is None:
        if call.steps:
            yield Problem((*_PLACE, "steps"), phrase("are sent by a conversation, and none is named"))
        return
    if call.conversation not in HOOKS:
        yield Problem(
            (*_PLACE, "conversation"),
            phrase("there is no hook “{conversation}”", conversation=call.conversation),
            suggestion(call.conversation, HOOKS),
        )
        return
    if call.mode != "document" or call.prospect is not None:
        yield Problem((*_PLACE, "conversation"), phrase("is about a whole document of a registered customer"))
    steps = _hook(call).steps
    for name in steps:
        if name not in call.steps:
            yield Problem((*_PLACE, "steps"), phrase("the conversation sends {name}, which is missing here", name=name))
    for name in call.steps:
        if name not in steps:
            yield Problem(
                (*_PLACE, "steps", name), phrase("is never sent by this conversation"), suggestion(name, steps)
            )


def _draft_problems(description: Description, call: TaxCall) -> Iterator[Problem]:
    draft, http, place = call.draft, description.http, (*_PLACE, "draft")
    if draft is None or http is None:
        if call.saves == "draft":
            yield Problem((*_PLACE, "saves"), phrase("a draft must be removed again"), phrase("Add [taxes.draft]."))
        return
    if call.saves != "draft":
        yield Problem(place, phrase('is for calls that save one (saves = "draft")'))
    if call.mode != "document" or call.conversation is not None:
        yield Problem(place, phrase("one draft is saved by one request about the whole document"))
    names = Names.of(http, description.vendor.credentials, description.vendor.context).and_also(*DRAFT_NAMES)
    for option, request in (("read", draft.read), ("remove", draft.remove)):
        if request is not None:
            yield from check_request(request, names, (*place, option))
            if not any(refers_to(request.model_dump(), name) for name in DRAFT_NAMES):
                yield Problem((*place, option), phrase("does not say which draft"), phrase('Put "$draft.id" in it.'))
    for option in ("id", "found"):
        yield from check_path((*place, option), getattr(draft, option))
    if draft.find is None:
        return
    find_names = Names.of(http, description.vendor.credentials, description.vendor.context).and_also(DRAFT_MARK)
    yield from check_listing(draft.find, find_names, (*place, "find"))
    for at, template in (("find",), draft.find.request.model_dump()), (("find",), call.request.model_dump()):
        if not refers_to(template, DRAFT_MARK):
            yield Problem(
                (*place, *at), phrase("draft.mark must be in the request that saves the draft, and in this one")
            )
            return


def _answer_problems(place: KeyPath, call: TaxCall) -> Iterator[Problem]:
    answer = call.answer
    for option in ("lines", "id", "goods", "taxes_total"):
        yield from check_path((*place, option), getattr(answer, option))
    yield from _matching_problems(place, call)
    if (answer.listed is None) == (answer.columns is None):
        yield Problem(place, phrase("needs either listed or columns, which say where the taxes of a line are"))
    if answer.listed is not None:
        yield from _list_problems((*place, "listed"), answer.listed, call)
    for position, column in enumerate(answer.columns or ()):
        yield from _value_problems((*place, "columns", position), column, call)
    yield from _total_problems((*place, "totals"), answer, call)
    if answer.currency is not None:
        yield from check_path((*place, "currency", "path"), answer.currency.path)


def _matching_problems(place: KeyPath, call: TaxCall) -> Iterator[Problem]:
    answer = call.answer
    for path, name in answer.echoes.items():
        yield from check_path((*place, "echoes", path), path)
        if name not in LINE_NAMES:
            yield Problem(
                (*place, "echoes", path),
                phrase("{name} is not sent with a line", name=name),
                suggestion(name, LINE_NAMES),
            )
        elif name.startswith(PRODUCT_ID) and not refers_to(_sent_bodies(call), PRODUCT_ID):
            yield Problem((*place, "echoes", path), phrase("{name} is not sent, and so not known", name=name))
    if call.mode == "item":
        if answer.id is not None:
            yield Problem((*place, "id"), phrase("a call about one item needs no id to be matched"))
        return
    if answer.id is not None:
        if not any(refers_to(call.line, name) for name in ("line.id", "line.number")):
            yield Problem((*place, "id"), phrase("can come back only if line.id or line.number is sent"))
    elif not any(name.startswith(_PRODUCTS) for name in answer.echoes.values()):
        hint = phrase('Add the product to echoes, as in {{ code = "line.sku" }}, or the path of the id that was sent.')
        yield Problem(place, phrase("nothing proves which line of the answer is about which line of the quote"), hint)


def _list_problems(place: KeyPath, listed: TaxList, call: TaxCall) -> Iterator[Problem]:
    for option in ("path", "kind"):
        yield from check_path((*place, option), getattr(listed, option))
    yield from _value_problems(place, listed, call)
    for name, known in listed.kinds.items():
        if known.charge is None and listed.charge is None:
            hint = phrase('Add charge = "in_price", "added" or "informative".')
            yield Problem((*place, "kinds", name), phrase("nothing says whether the price already holds it"), hint)
    if listed.charge is not None:
        yield from check_path((*place, "charge", "path"), listed.charge.path)
    for position, also in enumerate(listed.also):
        at = (*place, "also", position)
        yield from _value_problems(at, also, call)
        if also.inside not in listed.kinds:
            yield Problem((*at, "inside"), phrase("is not one of kinds"), suggestion(also.inside, listed.kinds))


def _value_problems(place: KeyPath, paths: TaxPaths, call: TaxCall) -> Iterator[Problem]:
    for option in _VALUES:
        yield from check_path((*place, option), getattr(paths, option))
    if call.yields == "amounts" and paths.amount is None:
        yield Problem(place, phrase("does not say where the amount is"))
    if call.yields == "rates" and (paths.rate is None or paths.amount is not None):
        yield Problem(place, phrase("a call that yields rates has a rate and no amount"))


def _total_problems(place: KeyPath, answer: TaxAnswer, call: TaxCall) -> Iterator[Problem]:
    totals: Mapping[str, object] = answer.totals.model_dump()
    said = [name for name, value in totals.items() if value is not None]
    if said and call.mode == "item":
        yield Problem(place, phrase("a call about one item has no totals of the document"))
    for option in ("goods", "added", "in_price", "taxes", "total"):
        yield from check_path((*place, option), getattr(answer.totals, option))
    by_kind = answer.totals.by_kind
    if by_kind is not None:
        for option in ("path", "kind", "amount"):
            yield from check_path((*place, "by_kind", option), getattr(by_kind, option))
        if answer.listed is None:
            yield Problem((*place, "by_kind"), phrase("names kinds as listed.kinds does, and there is none"))
