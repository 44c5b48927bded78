"""A first description of an unknown REST system, guessed from the answers to one address."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue
from yarl import URL

from reconciler.connectors.guess.answer import find_records, id_name
from reconciler.connectors.guess.description_text import (
    GuessedEntity,
    GuessedSystem,
    SecretHeader,
    entity_text,
    system_text,
)
from reconciler.connectors.guess.fields import guess_fields, guess_lines
from reconciler.connectors.guess.paging import PagingTrials
from reconciler.errors import ConfigurationError, RefusedError, ResponseNotUnderstoodError, VendorFaultError
from reconciler.model.entities import Entity, Side
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.settings import Auth, HeaderAuth, HttpSettings, NoAuth, Request, Retry

_RETRY = Retry(attempts=2, first_s=0.2, longest_s=1.0)


@dataclass(frozen=True, slots=True)
class UnknownSystem:
    """What `init --from-url` was told.

    Attributes:
        url: http or https address that lists the records of `entity`; its query is kept.
        secret: header that carries a credential, and its value; None for no authentication.
    """

    side: Side
    entity: Entity
    url: str
    secret: tuple[SecretHeader, str] | None = None


async def write_description(path: Path, unknown: UnknownSystem) -> GuessedEntity:
    """Guess and write the description, or add the entity to the description that is already there.

    Raises:
        ConfigurationError: the address cannot be used.
        RefusedError: the file already describes that entity.
        SystemReadError: the system could not be read, or gave nothing that looks like records.
    """
    address = _address(unknown.url)
    known = _already_described(path, unknown.entity.name)
    guessed = await _guess(unknown, address)
    text = entity_text(guessed)
    if not known:
        secret = unknown.secret[0] if unknown.secret else None
        system = GuessedSystem(path.stem.replace("-", "_"), unknown.side.value, str(address.origin()), secret)
        text = system_text(system) + text
    with path.open("a" if known else "x", encoding="utf-8") as file:
        file.write(text)
    return guessed


async def _guess(unknown: UnknownSystem, address: URL) -> GuessedEntity:
    secret = unknown.secret
    auth: Auth = NoAuth()
    if secret is not None:
        header = secret[0]
        auth = HeaderAuth(kind="header", name=header.header, value=f"{header.prefix}{{credentials.secret}}")
    port = HttpPort(
        unknown.side.value,
        HttpSettings(auth=auth, retry=_RETRY, concurrency=1),
        base_url=str(address.origin()),
        credentials={} if secret is None else {"secret": secret[1]},
        context={},
    )
    query = dict(address.query)
    async with port:

        async def ask(parameters: Mapping[str, str]) -> JsonValue:
            try:
                return (await port.call(Request(path=address.raw_path, query=dict(parameters)))).document
            except (VendorFaultError, ResponseNotUnderstoodError):
                return None

        first = (await port.call(Request(path=address.raw_path, query=dict(query)))).document
        found = find_records(first)
        identity = None if found is None else id_name(found.records)
        if found is None or identity is None:
            what = "no list of objects" if found is None else "no member that differs in every record"
            raise ResponseNotUnderstoodError(
                unknown.side.value,
                f"the answer of {address.path} holds {what}.",
                hint="Give the address that lists the records, with the parameters it needs.",
            )
        paging = await PagingTrials(ask, query, identity).find_out(first)
    return GuessedEntity(
        entity=unknown.entity,
        path=address.raw_path,
        records=found.path,
        id_name=identity,
        seen=len(found.records),
        paging=paging,
        fields=guess_fields(unknown.entity, found.records),
        lines=guess_lines(unknown.entity, found.records),
    )


def _address(text: str) -> URL:
    try:
        address = URL(text)
        usable = address.scheme in ("http", "https") and bool(address.host) and address.user is None
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError("--from-url must be an http or https address without a user or password.")
    return address


def _already_described(path: Path, entity: str) -> bool:
    """Whether the file is there and can take another entity."""
    if not path.exists():
        return False
    try:
        entities = tomllib.loads(path.read_text(encoding="utf-8")).get("entities")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        entities = None
    if not isinstance(entities, dict):
        raise RefusedError(f"{path} is already there and is no description.", hint="Name another file with --out.")
    if entity in entities:
        raise RefusedError(f"{path} already describes {entity}; it was left as it is.", hint="Name another --entity.")
    return True
