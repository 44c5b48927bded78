"""The evidence of a test scenario as one page: what was done, what was expected and seen, and every exchange."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import orjson

from reconciler.reports.html.markup import EMPTY, Html, element, join

_OWN_STYLE: Final = """
.verdict { font-size: 1.6rem; font-weight: 700; margin: .4rem 0; }
.passed { color: var(--good); } .failed { color: var(--bad); } .refused { color: var(--warn); }
.seen { margin: .3rem 0 .6rem; }
.digest { font-family: monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; }
#steps ol { list-style: none; padding-left: 0; }
#steps li { margin-bottom: 1rem; }
#steps details { margin: .1rem 0; }
details details, .brief { margin-left: 1rem !important; }
summary, .brief { font-family: monospace; overflow-wrap: anywhere; cursor: pointer; }
@media print { details { break-inside: avoid; } }
"""


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of the page in one language."""

    language: str
    statuses: Mapping[str, str]
    expected: str
    seen: str
    played: str
    stage: str
    not_reached: str
    exchanges: str
    no_answer: str
    left_out: str
    file: str


_ENGLISH: Final = _Words(
    language="en",
    statuses={"passed": "✓ Passed", "failed": "✕ Failed", "refused": "– Not played"},
    expected="Expected",
    seen="Seen",
    played="Played",
    stage="stage",
    not_reached="Not reached.",
    exchanges="exchanges",
    no_answer="no answer",
    left_out="exchanges beyond the bound of this file were left out",
    file="SHA-256 of the file with this evidence",
)
_PORTUGUESE: Final = _Words(
    language="pt-BR",
    statuses={"passed": "✓ Passou", "failed": "✕ Falhou", "refused": "– Não executado"},
    expected="Esperado",
    seen="Visto",
    played="Executado",
    stage="estágio",
    not_reached="Não foi alcançado.",
    exchanges="trocas",
    no_answer="sem resposta",
    left_out="trocas além do limite deste arquivo ficaram de fora",
    file="SHA-256 do arquivo com esta evidência",
)


def scenario_html(document: Mapping[str, Any], digest: str, locale: str) -> bytes:
    """The whole page: one file, no request to anywhere, no script.

    Args:
        document: the evidence as its JSON file has it.
        digest: of that file.
    """
    words = _PORTUGUESE if locale == "pt-BR" else _ENGLISH
    steps = [_step(place, each, words) for place, each in enumerate(document["steps"], start=1)]
    left_out = document["exchanges_left_out"]
    page = join(
        (
            Html(f'<!DOCTYPE html>\n<html lang="{words.language}">'),
            _head(document),
            Html("<body><main>\n"),
            element("header", element("h1", document["title"]), element("p", _played(document, words))),
            _result(document, words),
            element("section", element("ol", *steps), id="steps"),
            element("p", f"{left_out} {words.left_out}.") if left_out else EMPTY,
            element("footer", element("p", document["redaction"]), element("p", f"{words.file}: ", _code(digest))),
            Html("</main></body></html>\n"),
        )
    )
    return page.markup.encode()


def _head(document: Mapping[str, Any]) -> Html:
    style = files(__package__).joinpath("report.css").read_text(encoding="utf-8") + _OWN_STYLE
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{document['title']}: {document['project']}"),
        Html(f"<style>{style}</style>"),
    )


def _played(document: Mapping[str, Any], words: _Words) -> str:
    systems = ", ".join(
        f"{name.upper()} {each['vendor']} ({each['address']})" for name, each in document["systems"].items()
    )
    return (
        f"{words.played}: {document['at']}, {document['person']}, {words.stage} {document['stage']}, "
        f"{document['seconds']} s. {systems}"
    )


def _result(document: Mapping[str, Any], words: _Words) -> Html:
    status = str(document["status"])
    return element(
        "section",
        element("p", words.statuses[status], class_=f"verdict {status}"),
        element("h2", words.expected),
        element("p", document["expected"]),
        element("h2", words.seen),
        element("p", document["seen"]),
        id="result",
    )


def _step(place: int, step: Mapping[str, Any], words: _Words) -> Html:
    exchanges = [_exchange(each, words) for each in step["exchanges"]]
    count = element("summary", f"{len(exchanges)} {words.exchanges}")
    seen = element("p", step["seen"] or words.not_reached, class_="seen")
    listed = element("details", count, *exchanges) if exchanges else EMPTY
    return element("li", element("strong", f"{place}. {step['step']}"), seen, listed, id=f"step-{place}")


def _exchange(exchange: Mapping[str, Any], words: _Words) -> Html:
    request, answer = exchange["request"], exchange["answer"]
    outcome = f"{words.no_answer} ({exchange['failure']})" if answer is None else str(answer["status"])
    asked = f"{exchange['system'].upper()} {request['method']} {request['address']}"
    line = f"{asked} → {outcome}, {exchange['elapsed_ms']} ms"
    parts = [_json(part.get(name)) for part in (request, answer or {}) for name in ("headers", "body")]
    if not any(each.markup for each in parts):
        return element("p", line, class_="brief")
    return element("details", element("summary", line), *parts)


def _json(value: object) -> Html:
    if value is None or value == {}:
        return EMPTY
    written = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return element("pre", *_lines(written))


def _lines(written: str) -> list[Html]:
    """The lines of a text, each escaped, with their ends: line feeds are shown as such."""
    return [join((element("span", line), Html("\n"))) for line in written.split("\n")]


def _code(text: str) -> Html:
    return element("span", text, class_="digest")
