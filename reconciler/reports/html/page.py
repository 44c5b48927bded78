"""The whole page: one file, no request to anywhere, a policy that forbids what is not ours."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from importlib.resources import files
from pathlib import Path

from reconciler.model.entities import FieldType
from reconciler.reports.files import write_chunks
from reconciler.reports.html.accepted import accepted_section
from reconciler.reports.html.decisions import decisions_section
from reconciler.reports.html.display import Display
from reconciler.reports.html.findings import Rows, findings_section
from reconciler.reports.html.markup import Html, clipped, element, join
from reconciler.reports.html.overview import accounting_section, charts_section
from reconciler.reports.html.taxes import taxes_section
from reconciler.reports.html.top import page_header, status_section, tiles
from reconciler.reports.html.words import MAX_LABEL_CHARACTERS, FieldTypeOf, marks_note
from reconciler.reports.report import Explain, Report

ROWS_PER_ENTITY = 500


async def write_html(report: Report, path: Path, explain: Explain, *, rows_per_entity: int = ROWS_PER_ENTITY) -> None:
    """Write the page, with at most `rows_per_entity` findings of each entity.

    Raises:
        StateError: the file cannot be written; what was there stays.
    """
    await write_chunks(path, html_chunks(report, explain, rows_per_entity=rows_per_entity))


async def html_chunks(
    report: Report, explain: Explain, *, rows_per_entity: int = ROWS_PER_ENTITY
) -> AsyncGenerator[bytes, None]:
    """The page in pieces. Holds the findings of one entity at a time."""
    display = Display.of(report)
    type_of = _field_types(report)
    rows = Rows(display, explain, type_of, rows_per_entity)
    script = _asset("report.js")
    yield _encoded(Html(f'<!DOCTYPE html>\n<html lang="{display.texts.language}">'), _head(report, display, script))
    yield _encoded(
        Html("<body><main>\n"),
        page_header(report, display),
        status_section(report, display),
        tiles(report, display),
        taxes_section(report, display),
        decisions_section(report, display, explain, type_of),
        accepted_section(report, display),
        charts_section(report, display),
        accounting_section(report, display),
    )
    for entity in report.entities:
        async with aclosing(findings_section(entity, rows)) as pieces:
            async for piece in pieces:
                yield _encoded(piece)
    footer = element("footer", element("p", marks_note(display)))
    yield _encoded(footer, Html("</main>"), Html(f"<script>{script}</script>"), Html("</body></html>\n"))


def _head(report: Report, display: Display, script: str) -> Html:
    style = _asset("report.css")
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    title = f"{display.texts.title}: {clipped(report.project, MAX_LABEL_CHARACTERS)}"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        Html(f"<style>{style}</style>"),
    )


def _field_types(report: Report) -> FieldTypeOf:
    types = {entity.name: entity.field_types for entity in report.entities}

    def type_of(entity: str, field: str) -> FieldType | None:
        return types.get(entity, {}).get(field)

    return type_of


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(inline: str) -> str:
    """How a policy names the one inline text that it allows."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode('utf-8')).digest()).decode('ascii')}'"


def _encoded(*parts: Html) -> bytes:
    return join(parts).markup.encode("utf-8")
