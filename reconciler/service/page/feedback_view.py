"""Feedback as people see it: a small form, and what was said about a quote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args
from urllib.parse import urlencode

from reconciler.app.pilot.feedback import LONGEST_CHARACTERS
from reconciler.model.pilot import Feedback, Severity
from reconciler.model.taxes import LONGEST_QUOTE_NUMBER_CHARACTERS
from reconciler.project_people import LONGEST_NAME_CHARACTERS
from reconciler.reports.html.markup import EMPTY, Html, element, fill, isolated
from reconciler.service.page.view import WARNING_GLYPH, View, banner, glyph, lines_of, text_area

_GLYPHS: Final = {"note": "i", "problem": WARNING_GLYPH, "blocker": "✖"}


@dataclass(frozen=True, slots=True)
class TypedFeedback:
    """The form as it was filled in."""

    text: str = ""
    severity: str = "note"
    number: str = ""
    name: str = ""


def feedback_form(typed: TypedFeedback, csrf: str, view: View, *, asks_name: bool, wrong: str = "") -> Html:
    """Asks for what somebody has to say.

    Args:
        csrf: proves that the form is of this session; "" where there are none.
        asks_name: nobody is signed in, so the form asks who it is.
        wrong: what has to be put right, for people; "" at first.
    """
    words = view.texts.feedback
    chosen = typed.severity if typed.severity in get_args(Severity) else "note"
    options = [
        element("option", words.severities[each], value=each, selected="" if each == chosen else None)
        for each in get_args(Severity)
    ]
    told = element("div", banner(wrong), id="feedback-told") if wrong else EMPTY
    text = text_area(
        typed.text,
        id="feedback-text",
        name="text",
        rows="5",
        maxlength=str(LONGEST_CHARACTERS),
        required="",
        aria_describedby="feedback-told" if wrong else None,
        aria_invalid="true" if wrong else None,
    )
    return element(
        "form",
        element("h2", words.title),
        element("p", words.lead, class_="quiet"),
        told,
        element("input", type="hidden", name="csrf_token", value=csrf) if csrf else EMPTY,
        _named("quote", words.number, typed.number, maxlength=str(LONGEST_QUOTE_NUMBER_CHARACTERS)),
        _named("name", words.name, typed.name, maxlength=str(LONGEST_NAME_CHARACTERS), required="")
        if asks_name
        else EMPTY,
        _labelled("severity", words.severity, element("select", *options, id="feedback-severity", name="severity")),
        _labelled("text", words.text, text),
        element("p", words.no_secrets, class_="hint"),
        element("p", element("button", words.send, type="submit", class_="main"), class_="buttons"),
        id="feedback",
        class_="card",
        method="post",
        action="/feedback#result",
    )


def said_section(said: Sequence[Feedback], number: str, view: View) -> Html:
    """What was said about a quote, beside it, and the way to say more."""
    words = view.texts.feedback
    link = element("a", words.say_about, href=f"/feedback?{urlencode({'quote': number})}")
    items = [_item(each, view) for each in said]
    shown = element("ul", *items, class_="said") if items else element("p", words.nothing_said, class_="quiet")
    return element("section", element("h3", words.about_quote), shown, element("p", link), class_="card feedback")


def thanks(number: str, view: View) -> Html:
    """It is kept."""
    words = view.texts.feedback
    if not number:
        return banner(words.kept, element("p", words.who_reads), good=True)
    back = element("a", fill(words.back, number=isolated(number)), href=f"/?{urlencode({'quote': number})}")
    return banner(words.kept, element("p", words.who_reads), element("p", back), good=True)


def _item(each: Feedback, view: View) -> Html:
    words = view.texts.feedback
    sign = _GLYPHS[each.severity]
    head = fill(words.said_by, who=isolated(each.who), moment=view.figures.moment(each.at))
    severity = element("strong", glyph(sign), " ", words.severities[each.severity])
    return element("li", severity, " · ", head, element("p", lines_of(each.text)), class_=f"severity-{each.severity}")


def _named(name: str, label: str, value: str, **attributes: str) -> Html:
    field = element(
        "input", id=f"feedback-{name}", name=name, value=value, autocomplete="off", spellcheck="false", **attributes
    )
    return _labelled(name, label, field)


def _labelled(name: str, label: str, field: Html) -> Html:
    return element("div", element("label", label, for_=f"feedback-{name}"), field, class_="field")
