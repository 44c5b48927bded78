"""The two forms: the number of a quote, or its lines. Both work without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.model.taxes import LONGEST_QUOTE_NUMBER_CHARACTERS
from reconciler.reports.html.markup import EMPTY, Html, Part, element
from reconciler.service.page.mistakes import field_id
from reconciler.service.page.typed import CHOICES, LINE_FIELDS, NUMBERS, Mistake, TypedLine, TypedQuote
from reconciler.service.page.view import View, glyph, unseen

STATES: Final = (
    *("AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA", "PB", "PE", "PI", "PR"),
    *("RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO", "EX"),
)
_LONGEST_CHARACTERS: Final = "100"


def number_form(number: str, view: View) -> Html:
    """Asks about a quote of the CRM. What it sends is in the address, so that the CRM can link to it."""
    texts = view.texts
    asked = element(
        "input",
        id="quote",
        name="quote",
        value=number,
        maxlength=str(LONGEST_QUOTE_NUMBER_CHARACTERS),
        autocomplete="off",
        spellcheck="false",
    )
    field = element("div", element("label", texts.number, for_="quote"), asked, class_="field")
    return element(
        "form",
        element("h2", texts.by_number),
        element("div", field, element("button", texts.ask, type="submit", class_="main"), class_="row"),
        id="by-number",
        class_="card",
        method="get",
        action="/#result",
    )


def lines_form(
    typed: TypedQuote, mistakes: Sequence[Mistake], csrf: str, view: View, *, folded: bool, varies: bool
) -> Html:
    """Asks about typed lines.

    Args:
        mistakes: told at their fields; the first of these has the focus.
        csrf: proves that the form is of this session; "" where there are none.
        folded: the other form was used.
        varies: the lines are those of the quote that was asked about.
    """
    texts = view.texts
    told = _Told({mistake.place: mistake.message for mistake in mistakes}, mistakes[0].place if mistakes else "")
    # The first button is the one that the Enter key presses: it must not be one that removes a line.
    first = element("button", texts.ask, type="submit", class_="unseen-words", tabindex="-1", aria_hidden="true")
    lines = [_line(place, line, told, view) for place, line in enumerate(typed.lines)]
    form = element(
        "form",
        first,
        _hidden("csrf_token", csrf) if csrf else EMPTY,
        _hidden("typed_in", texts.language),
        _head(typed, told, view),
        element("h3", texts.lines),
        element(
            "div",
            *lines,
            id="lines",
            data_added=texts.line_added,
            data_removed=texts.line_removed,
            data_line=texts.line,
            data_remove=texts.remove_line,
            data_one=texts.needs_one_line,
        ),
        _buttons(view),
        id="by-lines",
        method="post",
        action="/#result",
        novalidate="",
        autocomplete="off",
    )
    title = element("summary", element("h2", texts.vary if varies else texts.by_lines))
    return element("details", title, form, class_="card", open=None if folded else "")


def _buttons(view: View) -> Html:
    texts = view.texts
    return element(
        "div",
        element(
            "button",
            glyph("+"),
            " ",
            texts.add_line,
            type="submit",
            name="do",
            value="add",
            formaction="/#lines",
            class_="add",
        ),
        element("button", texts.ask, type="submit", class_="main"),
        class_="row buttons",
    )


def _head(typed: TypedQuote, told: _Told, view: View) -> Html:
    texts = view.texts
    states = [("", texts.as_customer), *((state, state) for state in STATES)]
    return element(
        "div",
        _field("customer.tax_id", texts.tax_id, typed.tax_id, told, hint=texts.tax_id_hint, maxlength="40"),
        _choice("ship_to.state", texts.state, typed.state, states, told),
        _field(
            "ship_to.city_ibge",
            texts.city,
            typed.city_ibge,
            told,
            hint=texts.city_hint,
            inputmode="numeric",
            maxlength="20",
        ),
        _field("date", texts.date, typed.date, told, hint=texts.date_hint, type="date"),
        _more(typed, view),
        class_="fields",
    )


def _more(typed: TypedQuote, view: View) -> Html:
    texts = view.texts
    words = {"": texts.as_erp_says, "yes": texts.yes, "no": texts.no}
    answers = [(name, words[name]) for name in CHOICES]
    checked = "" if typed.prospect else None
    prospect = element("input", type="checkbox", name="prospect", id="prospect", value="1", checked=checked)
    used = typed.prospect or typed.final_consumer or typed.taxpayer
    return element(
        "details",
        element("summary", texts.more_of_customer),
        element(
            "div",
            element("div", prospect, element("label", texts.prospect, for_="prospect"), class_="check"),
            _choice("customer.final_consumer", texts.final_consumer, typed.final_consumer, answers, _NOTHING_WRONG),
            _choice("customer.taxpayer", texts.taxpayer, typed.taxpayer, answers, _NOTHING_WRONG),
            class_="fields",
        ),
        class_="more",
        open="" if used else None,
    )


def _line(place: int, line: TypedLine, told: _Told, view: View) -> Html:
    texts, number = view.texts, str(place + 1)
    labels = dict(zip(LINE_FIELDS, (texts.sku, texts.quantity, texts.unit_price, texts.discount), strict=True))
    fields = [
        _field(
            f"lines[{place}].{name}",
            labels[name],
            line.text(name),
            told,
            inputmode="decimal" if name in NUMBERS else None,
            class_="number" if name in NUMBERS else None,
        )
        for name in LINE_FIELDS
    ]
    remove = texts.remove_line.format(line=number)
    button = element(
        "button",
        glyph("✕"),
        unseen(remove),
        type="submit",
        name="do",
        value=f"remove:{place}",
        class_="remove",
        title=remove,
        formaction="/#lines",
    )
    legend = element("legend", texts.line.format(line=number))
    return element("fieldset", legend, *fields, button, class_="line")


def _field(place: str, label: str, value: str, told: _Told, *, hint: str = "", **attributes: str | None) -> Html:
    """A label, a field of text, and what is wrong with it. Its name is the last part of its place."""
    identity, name = field_id(place), place.rpartition(".")[2]
    about = [f"{identity}-hint"] if hint else []
    given: dict[str, str | None] = {"maxlength": _LONGEST_CHARACTERS, "spellcheck": "false", **attributes}
    shown = element("input", id=identity, name=name, value=value, **given, **told.marks(place, about))
    note = element("p", hint, id=f"{identity}-hint", class_="hint") if hint else EMPTY
    return element("div", element("label", label, for_=identity), shown, note, told.message(place), class_="field")


def _choice(place: str, label: str, value: str, options: list[tuple[str, str]], told: _Told) -> Html:
    name = place.rpartition(".")[2]
    if value not in (each for each, _ in options):
        options = [(value, value), *options]
    choices = [element("option", shown, value=each, selected="" if each == value else None) for each, shown in options]
    select = element("select", *choices, id=name, name=name, **told.marks(place, []))
    return element("div", element("label", label, for_=name), select, told.message(place), class_="field")


@dataclass(frozen=True, slots=True)
class _Told:
    """What is wrong, by place.

    Attributes:
        first: the place whose field has the focus.
    """

    messages: Mapping[str, str]
    first: str

    def marks(self, place: str, about: list[str]) -> dict[str, str | None]:
        """Attributes of the field; `about` are ids of what describes it anyway."""
        wrong = place in self.messages
        described = [*about, _mistake_id(place)] if wrong else about
        return {
            "aria_describedby": " ".join(described) or None,
            "aria_invalid": "true" if wrong else None,
            "autofocus": "" if wrong and place == self.first else None,
        }

    def message(self, place: str) -> Part:
        """The words below the field."""
        words = self.messages.get(place)
        if words is None:
            return EMPTY
        return element("p", glyph("⚠"), " ", words, id=_mistake_id(place), class_="mistake")


_NOTHING_WRONG: Final = _Told({}, "")


def _mistake_id(place: str) -> str:
    return f"{field_id(place)}-mistake"


def _hidden(name: str, value: str) -> Html:
    return element("input", type="hidden", name=name, value=value)
