"""A guessed description as TOML text, with a comment at everything a person should check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.connectors.guess.fields import GuessedField, GuessedLines
from reconciler.connectors.guess.paging import GuessedPaging
from reconciler.mapping.path import step_text
from reconciler.model.entities import Entity
from reconciler.toml_text import quoted


@dataclass(frozen=True, slots=True)
class SecretHeader:
    """A header that carries a credential, such as `X-Api-Key`; `credential` is its name in the project file."""

    header: str
    credential: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class GuessedEntity:
    """What was found out about one entity.

    Attributes:
        path: of the listing, below the base address.
        records: path of the list in the answer, "" for the answer itself.
        seen: how many records the guesses rest on.
    """

    entity: Entity
    path: str
    records: str
    id_name: str
    seen: int
    paging: GuessedPaging
    fields: Sequence[GuessedField]
    lines: GuessedLines | None


@dataclass(frozen=True, slots=True)
class GuessedSystem:
    """What was told or found out about the system."""

    name: str
    role: str
    base_url: str
    secret: SecretHeader | None


def system_text(system: GuessedSystem) -> str:
    """The head of a description: who it is and how calls are signed."""
    lines = [
        "# Guessed by `reconciler init --from-url` from a few answers. Check every line marked `guessed`;",
        "# `reconciler check` tells what to mend next, docs/connectors.md explains the rest.",
        "",
        "[vendor]",
        f"name = {quoted(system.name)}",
        f"title = {quoted(system.name)}",
        f"roles = [{quoted(system.role)}]",
    ]
    if system.secret is not None:
        lines += [
            "",
            "[vendor.credentials]",
            f"{system.secret.credential} = {quoted(f'the value of {system.secret.header}')}",
        ]
    lines += [
        "",
        "[http]",
        f"base_url = {quoted(system.base_url)}",
        "# rates = [{ calls = 60, per_s = 60 }]    # what the system allows; none is assumed",
    ]
    if system.secret is not None:
        value = f"{system.secret.prefix}{{credentials.{system.secret.credential}}}"
        lines += [
            "",
            "[http.auth]",
            'kind = "header"',
            f"name = {quoted(system.secret.header)}",
            f"value = {quoted(value)}",
        ]
    return "\n".join(lines) + "\n"


def entity_text(guessed: GuessedEntity) -> str:
    """The tables of one entity."""
    name = guessed.entity.name
    lines = [
        "",
        f"[entities.{name}]",
        'verified = "third-party notes"',
        f'note = "guessed from {guessed.seen} records"',
        f"id = {quoted(step_text(guessed.id_name))}    # guessed: different in each of the {guessed.seen} records seen",
        "",
        f"[entities.{name}.full]",
        f"request = {{ path = {quoted(guessed.path)}{_query(guessed.paging.query)} }}",
        f"records = {quoted(guessed.records)}",
        *_paging(guessed.paging),
        "",
        f"# [entities.{name}.changed]    # makes runs after the first read only what changed",
        '# listing = { request = { path = "…", query = { changed_since = "{since}" } }, records = "…" }',
        f"# [entities.{name}.one]        # makes the second look before a finding is reported possible",
        '# request = { path = "…", query = { id = "$id" } }',
        "",
        f"[entities.{name}.fields]",
        *_fields(guessed.entity, guessed.fields),
    ]
    if guessed.lines is not None and guessed.entity.lines is not None:
        lines += [
            "",
            f"[entities.{name}.lines]",
            f"path = {quoted(guessed.lines.path)}",
            "",
            f"[entities.{name}.lines.fields]",
            *_fields(guessed.entity.lines, guessed.lines.fields),
        ]
    return "\n".join(lines) + "\n"


def _query(query: Mapping[str, str]) -> str:
    if not query:
        return ""
    parts = ", ".join(f"{quoted(name)} = {quoted(value)}" for name, value in query.items())
    return f", query = {{ {parts} }}"


def _paging(paging: GuessedPaging) -> list[str]:
    match paging.kind:
        case "single":
            return [
                "# Nothing that was tried led to a second page: if there are more records, say how to get them.",
                'paging = { kind = "single" }',
            ]
        case "link":
            return [f'paging = {{ kind = "link", size = {paging.size}, link = {quoted(paging.link or "")} }}']
        case "number":
            text = f'paging = {{ kind = "number", size = {paging.size}, first = {paging.first} }}'
        case _:
            text = f'paging = {{ kind = "offset", size = {paging.size} }}'
    signs = {"total": paging.total, "more": paging.more}
    stop = ", ".join(f"{name} = {quoted(path)}" for name, path in signs.items() if path is not None)
    return [text, f"stop = {{ {stop} }}"] if stop else [text]


def _fields(entity: Entity, fields: Sequence[GuessedField]) -> list[str]:
    by_name = {guessed.name: guessed for guessed in fields}
    return [
        _field(by_name[field.name]) if field.name in by_name else f'# {field.name} = "…"' for field in entity.fields
    ]


def _field(guessed: GuessedField) -> str:
    paths = [quoted(path) for path in guessed.paths]
    path = paths[0] if len(paths) == 1 else f"[{', '.join(paths)}]"
    options = [f"path = {path}"]
    if guessed.codec is not None:
        options.append(f"codec = {quoted(guessed.codec)}")
    if guessed.format is not None:
        options.append(f"format = {quoted(guessed.format)}")
    if guessed.codes:
        codes = ", ".join(f"{quoted(text)} = {str(value).lower()}" for text, value in guessed.codes.items())
        options.append(f"codes = {{ {codes} }}")
    written = paths[0] if options == [f"path = {paths[0]}"] else f"{{ {', '.join(options)} }}"
    return f"{guessed.name} = {written}    # guessed"
