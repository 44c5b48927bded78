"""The part of the page that tells what came of the question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reconciler.reports.html.markup import EMPTY, Html, Part, element, isolated
from reconciler.service.page.answer_view import amounts, standing, status_words
from reconciler.service.page.asking import Answered, Refused
from reconciler.service.page.copies import as_csv, as_text, quote_words
from reconciler.service.page.drift_view import drift_section
from reconciler.service.page.mistakes import field_id, line_number, message_of
from reconciler.service.page.typed import Mistake
from reconciler.service.page.view import View, banner, text_area
from reconciler.taxes.answer import Calculated

NUMBER_FORM: Final = "by-number"
LINES_FORM: Final = "by-lines"
_WRONG: Final = frozenset({404, 422})
_TOO_MANY: Final = 429


def result_section(title: str, *parts: Part) -> Html:
    """Where the focus goes when an answer is there."""
    heading = element("h2", title, id="result-title")
    return element("section", heading, *parts, id="result", tabindex="-1", aria_labelledby="result-title")


def nothing_asked(view: View) -> Html:
    """Before the first question."""
    return result_section(view.texts.result, element("p", view.texts.nothing_asked, class_="quiet"))


def answer(answered: Answered, form: str, view: View) -> Html:
    """What the engine gave. `form` is the id of the form that asked."""
    result = answered.delivery.result
    title = quote_words(answered, view) or view.texts.result
    if isinstance(result, Calculated):
        again = _buttons(form, view) if answered.delivery.stale else EMPTY
        found: list[Html] = [standing(answered, view), again, amounts(answered, result, view)]
        return result_section(title, *found, drift_section(answered, view), _copies(answered, result, view))
    buttons = _buttons(form, view, offers_stale=True)
    return result_section(title, standing(answered, view), buttons, drift_section(answered, view))


def refusal(refused: Refused, form: str, view: View, request_id: str) -> Html:
    """There is no answer: why, and when to come again."""
    texts = view.texts
    parts: list[Part] = [element("p", isolated(refusal_words(refused, view)))]
    if refused.detail and refused.code == "wrong_quote":
        parts.append(element("p", isolated(refused.detail), class_="origin", lang="en"))
    if refused.retry_after_s is not None:
        parts.append(element("p", texts.retry_in.format(seconds=refused.retry_after_s)))
    if refused.status >= _TOO_MANY:
        parts.append(element("p", texts.no_amounts))
    code: list[Part] = [texts.reason_code, ": ", element("code", refused.code)]
    if request_id:
        code += [" · ", texts.request_id, ": ", element("code", request_id)]
    parts.append(element("p", *code, class_="origin"))
    title = texts.refused_quote if refused.status in _WRONG else texts.unavailable
    buttons = _buttons(form, view) if refused.retry_after_s is not None else EMPTY
    return result_section(texts.result, banner(title, *parts), buttons)


def refusal_words(refused: Refused, view: View) -> str:
    """Why there is no answer, for people."""
    texts = view.texts
    if refused.status == 422:
        number = line_number(refused.place)
        words = message_of(refused.place, refused, texts)
        return words if number is None else f"{texts.line.format(line=number)}: {words}"
    return texts.problems.get(refused.code, texts.other_problem)


def correction(mistakes: Sequence[Mistake], view: View) -> Html:
    """Points to the fields that are wrong."""
    texts = view.texts
    links = [element("a", _where(each, view), each.message, href=f"#{field_id(each.place)}") for each in mistakes]
    if len(links) == 1:
        return result_section(texts.result, banner(texts.wrong, element("p", links[0])))
    listed = element("ul", *(element("li", link) for link in links), class_="mistakes")
    return result_section(texts.result, banner(texts.wrong_in_places.format(count=len(links)), listed))


def says_mistakes(mistakes: Sequence[Mistake], view: View) -> str:
    """What screen readers say of them: how many there are, and the first, whose field has the focus."""
    first = f"{_where(mistakes[0], view)}{mistakes[0].message}"
    return first if len(mistakes) == 1 else f"{view.texts.wrong_in_places.format(count=len(mistakes))} {first}"


def _where(mistake: Mistake, view: View) -> str:
    number = line_number(mistake.place)
    return "" if number is None else f"{view.texts.line.format(line=number)}: "


def announcement(outcome: Answered | Refused | None, view: View) -> str:
    """What screen readers say when the answer is there."""
    if outcome is None:
        return ""
    if isinstance(outcome, Refused):
        return refusal_words(outcome, view)
    result = outcome.delivery.result
    words = status_words(outcome, view)
    if not isinstance(result, Calculated):
        return f"{words}. {view.texts.no_amounts}"
    added, total = view.figures.amount(result.totals.added), view.figures.amount(result.totals.total)
    return f"{words}. {view.texts.taxes_added}: {added}. {view.texts.total}: {total}."


def _buttons(form: str, view: View, *, offers_stale: bool = False) -> Html:
    again = element("button", view.texts.try_again, type="submit", form=form, class_="main")
    stale = element("button", view.texts.accept_stale, type="submit", form=form, name="stale", value="1")
    return element("p", again, " ", stale if offers_stale else EMPTY, class_="buttons again")


def _copies(answered: Answered, result: Calculated, view: View) -> Html:
    texts = view.texts
    return element(
        "section",
        element(
            "p",
            element("button", texts.copy_text, type="button", data_copies="as-text", hidden=""),
            element("button", texts.copy_csv, type="button", data_copies="as-csv", hidden=""),
            element("button", texts.print, type="button", data_prints="", hidden=""),
            element("span", class_="told quiet"),
            class_="buttons",
        ),
        element(
            "details",
            element("summary", f"{texts.as_text} · {texts.as_csv}"),
            _copy("as-text", texts.as_text, as_text(answered, result, view)),
            _copy("as-csv", texts.as_csv, as_csv(answered, result, view)),
        ),
        class_="copies",
        data_copied=texts.copied,
        data_not_copied=texts.not_copied,
    )


def _copy(identity: str, label: str, content: str) -> Html:
    area = text_area(content, id=identity, readonly="", rows="8", spellcheck="false")
    return element("div", element("label", label, for_=identity), area, class_="field")
