"""What went over the wire while a scenario was played: redacted as it passes, bounded, and kept in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import orjson
from pydantic import JsonValue

from reconciler.app.correct import Acting
from reconciler.app.pilot.scenarios.scene import Stays
from reconciler.model.pilot import ScenarioResult
from reconciler.pilot.redaction import HIDDEN, Redactor
from reconciler.pilot.scenarios import Scenario
from reconciler.ports.http.address import redacted_url
from reconciler.ports.http.trace import Exchanged
from reconciler.ports.xml.parsing import XmlError, parse_tree
from reconciler.reports.documents import instant
from reconciler.reports.files import in_thread, replacing
from reconciler.reports.html.scenario import scenario_html

FORMAT: Final = "reconciler-scenario/1"
MOST_WHOLE: Final = 300
"""Exchanges that are kept with headers and bodies."""
MOST_EXCHANGES: Final = 3000
_LARGEST_PARSED_BYTES: Final = 1024 * 1024
_LARGEST_SHOWN_BYTES: Final = 16 * 1024
_READING: Final = frozenset({"GET", "HEAD"})
_ERRORS: Final = 400
_PORTUGUESE: Final = "pt-BR"
_FORM: Final = "application/x-www-form-urlencoded"
_NOTE_PORTUGUESE: Final = (
    "São mostrados os valores dos registros de teste, números simples, datas e códigos curtos; todo o resto dá lugar a "
    f"“{HIDDEN}”, para que não haja neste arquivo nenhum segredo nem dado pessoal. Leituras de outros registros não "
    "têm corpo aqui."
)
_NOTE: Final = (
    "Shown are the values of the test records, plain numbers, dates and short codes; everything else is replaced by "
    f"“{HIDDEN}”, so that no secret and no personal data is in this file. Readings of other records have no body here."
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where evidence is. `digest` is the SHA-256 of the file, in hexadecimal."""

    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class _System:
    side: str
    vendor: str
    address: str


class Evidence:
    """Sees every exchange of a playing.

    Args:
        step: tells the place of the step that is being done, from 0.
    """

    def __init__(self, acting: Acting, redactor: Redactor, step: Callable[[], int]) -> None:
        self._acting = acting
        self._redactor = redactor
        self._step = step
        self._exchanges: list[tuple[int, dict[str, Any]]] = []
        self._left_out = 0
        self._whole = 0
        self._labels: set[tuple[int, str]] = set()
        self._systems = self._described()

    def watch(self, exchanged: Exchanged) -> None:
        """Keep one exchange, redacted; readings of other records than ours without headers and bodies."""
        if len(self._exchanges) >= MOST_EXCHANGES:
            self._left_out += 1
            return
        step, outgoing, answer = self._step(), exchanged.outgoing, exchanged.answer
        sent = _decoded(outgoing.body or b"", _type(outgoing.headers))
        came = None if answer is None else _decoded(answer.body, _type(answer.headers))
        for each in (sent, came) if answer is not None and answer.status < _ERRORS else ():
            if isinstance(each, _Read):
                self._redactor.learn(each.value)
        whole = self._whole < MOST_WHOLE and self._matters(step, exchanged, sent, came)
        self._whole += whole
        self._exchanges.append((step, self._shown(exchanged, sent, came, whole=whole)))

    def exchanges(self, step: int) -> list[Any]:
        """The exchanges of a step as JSON, without anything that is known as a secret by now."""
        found = [each for at, each in self._exchanges if at == step]
        whole = orjson.dumps(found).decode()
        return [self._without_secrets(each) for each in found] if self._redactor.is_secret(whole) else found

    def _without_secrets(self, value: Any) -> Any:
        """What became known as a secret only later, such as the session that an answer opened, is hidden too."""
        match value:
            case dict():
                return {self._without_secrets(name): self._without_secrets(each) for name, each in value.items()}
            case list():
                return [self._without_secrets(each) for each in value]
            case bool() | None:
                return value
            case _:
                return HIDDEN if self._redactor.is_secret(str(value)) else value

    def _matters(self, step: int, exchanged: Exchanged, sent: _Body, came: _Body) -> bool:
        """Whether it is about a test record, writes, went wrong, or is the first of its kind in the step."""
        outgoing, answer = exchanged.outgoing, exchanged.answer
        first = (step, outgoing.label) not in self._labels
        self._labels.add((step, outgoing.label))
        if first or answer is None or answer.status >= _ERRORS or outgoing.method not in _READING:
            return True
        about = self._redactor.is_about_own(unquote(str(outgoing.url)))
        return about or any(
            isinstance(each, _Read) and self._redactor.mentions_own(each.value) for each in (sent, came)
        )

    async def write(
        self, folder: Path, scenario: Scenario, result: ScenarioResult, seen: list[str], stays: Sequence[Stays]
    ) -> Kept:
        """Write the evidence, as JSON and as a page beside it.

        Raises:
            StateError: it cannot be written.
        """
        document = self._document(scenario, result, seen)
        document["stays"] = [
            {"system": each.side.value, "entity": each.entity, "key": each.key, "id": each.id} for each in stays
        ]
        content = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        digest = hashlib.sha256(content).hexdigest()
        path = folder / f"{scenario.id}-{result.at:%Y%m%dT%H%M%S%f}.json"
        locale = self._acting.workspace.project.file.project.locale
        await _write(path, content)
        await _write(path.with_suffix(".html"), await in_thread(scenario_html, document, digest, locale))
        return Kept(path.resolve(), digest)

    def _document(self, scenario: Scenario, result: ScenarioResult, seen: list[str]) -> dict[str, Any]:
        project = self._acting.workspace.project
        locale = project.file.project.locale
        steps = [
            {
                "step": told,
                "seen": seen[place] if place < len(seen) else "",
                "exchanges": self.exchanges(place),
            }
            for place, told in enumerate(scenario.steps(locale))
        ]
        return {
            "format": FORMAT,
            "scenario": scenario.id,
            "title": scenario.told(locale).title,
            "project": project.file.project.name,
            "at": instant(result.at),
            "seconds": round(result.seconds, 3),
            "person": result.person,
            "stage": result.stage.value,
            "status": result.status,
            "expected": result.expected,
            "seen": result.seen,
            "systems": {
                each.side: {"vendor": each.vendor, "address": each.address}
                for each in sorted(self._systems, key=lambda each: each.side)
            },
            "redaction": _NOTE_PORTUGUESE if locale == _PORTUGUESE else _NOTE,
            "steps": steps,
            "exchanges_left_out": self._left_out,
        }

    def _described(self) -> list[_System]:
        project, found = self._acting.workspace.project, []
        for side, description in self._acting.descriptions.items():
            system = project.system(side)
            address = redacted_url(system.base_url or description.default_address or "")
            found.append(_System(side.value, system.vendor, address.rstrip("/")))
        return sorted(found, key=lambda each: len(each.address), reverse=True)

    def _system_at(self, address: str) -> str:
        return next((each.side for each in self._systems if address.startswith(each.address)), "elsewhere")

    def _shown(self, exchanged: Exchanged, sent: _Body, came: _Body, *, whole: bool) -> dict[str, Any]:
        outgoing, answer = exchanged.outgoing, exchanged.answer
        described = outgoing.label.partition(" ")[2]
        request: dict[str, Any] = {
            "method": outgoing.method,
            "address": self._redactor.url(str(outgoing.url), described if described.startswith("/") else ""),
        }
        answered: dict[str, Any] | None = None if answer is None else {"status": answer.status}
        if whole:
            request |= {"headers": self._redactor.headers(outgoing.headers), "body": self._body(sent)}
        if whole and answer is not None and answered is not None:
            answered |= {"headers": self._redactor.headers(answer.headers), "body": self._body(came)}
        return {
            "system": self._system_at(redacted_url(outgoing.url)),
            "began_at": instant(exchanged.began_at),
            "elapsed_ms": exchanged.elapsed_ms,
            "request": request,
            "answer": answered,
            "failure": exchanged.failure,
        }

    def _body(self, body: _Body) -> JsonValue:
        if not isinstance(body, _Read):
            return None if body is None else {"omitted_bytes": body}
        shown = self._redactor.document(body.value)
        return shown if len(orjson.dumps(shown)) <= _LARGEST_SHOWN_BYTES else {"omitted_bytes": body.size_bytes}


@dataclass(frozen=True, slots=True)
class _Read:
    """A body that could be read."""

    value: JsonValue
    size_bytes: int


_Body = _Read | int | None
"""A body, or the size of one that is too large or is no document, or nothing."""


def _decoded(body: bytes, content_type: str) -> _Body:
    if not body:
        return None
    if len(body) > _LARGEST_PARSED_BYTES:
        return len(body)
    try:
        return _Read(_document_of(body, content_type), len(body))
    except (orjson.JSONDecodeError, XmlError, UnicodeDecodeError):
        return len(body)


def _document_of(body: bytes, content_type: str) -> JsonValue:
    if content_type == _FORM:
        return {name: HIDDEN for name, _ in parse_qsl(body.decode(), keep_blank_values=True)}
    if body.lstrip()[:1] == b"<":
        return parse_tree(body)
    decoded: JsonValue = orjson.loads(body)
    return decoded


def _type(headers: Mapping[str, str]) -> str:
    for name, value in headers.items():
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return ""


async def _write(path: Path, content: bytes) -> None:
    async with replacing(path) as file:
        await in_thread(file.write, content)
