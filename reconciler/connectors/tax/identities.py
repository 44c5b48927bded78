"""Finds the ERP's own ids of a customer and of products, which most tax calls want instead of CNPJ and SKU."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from datetime import tzinfo
from typing import Final, Protocol, cast

from pydantic import JsonValue

from reconciler.connectors.connector import Connector
from reconciler.connectors.description import FieldEntry
from reconciler.connectors.plan import entity_mapping
from reconciler.connectors.tax.request import RecordId
from reconciler.connectors.write.current_record import belongs, key_of, values_of
from reconciler.errors import ConfigurationError, TaxAnswerError, WrongQuoteError
from reconciler.mapping.identifiers import identifier_of
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import EntityMapping
from reconciler.mapping.reading import TEXT_FORMS
from reconciler.model.entities import ENTITIES
from reconciler.phrases.phrase import phrase

KEPT_IDS: Final = 20_000
KEPT_S: Final = 900.0

_KEYS: Final = {"customers": "tax_id", "products": "sku"}


class KnownIds(Protocol):
    """Ids that were seen before, for systems that cannot be asked for a record by its key."""

    async def ids(self, entity: str, key: str) -> list[str] | None:
        """Ids of the records with that canonical key; None when nothing is known of the entity at all."""
        ...


class Identities:
    """Looks ids up by key, and remembers them for a while.

    Args:
        values: by entity, names and paths of values of its records that requests refer to.
        entries: where the key of an entity is, where the project says so instead of the description.
        known: asked where the description has no `find`; None: then nothing is known.
        monotonic_s: clock that never goes back.
    """

    def __init__(
        self,
        system: str,
        connector: Connector,
        time_zone: tzinfo,
        *,
        values: Mapping[str, Mapping[str, str]] | None = None,
        entries: Mapping[str, FieldEntry] | None = None,
        known: KnownIds | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._system = system
        self._description = connector.description
        self._connector = connector
        self._time_zone = str(time_zone)
        self._values = dict(values or {})
        self._entries = dict(entries or {})
        self._known = known
        self._monotonic_s = monotonic_s
        self._ids: OrderedDict[tuple[str, str], tuple[RecordId, float]] = OrderedDict()

    async def of(self, entity: str, key: str) -> RecordId:
        """The id of the one record with that key.

        Raises:
            WrongQuoteError: the ERP has no such record.
            TaxAnswerError: it has several, and nobody can tell which is meant.
            SystemReadError: it could not be asked.
            ConfigurationError: nothing tells how to find it.
        """
        remembered = self._ids.get((entity, key))
        if remembered is not None and self._monotonic_s() < remembered[1]:
            return remembered[0]
        found = await self._found(entity, key)
        if not found:
            raise self._unknown(entity, key)
        if len(found) > 1:
            reason = "customer_ambiguous" if entity == "customers" else "product_ambiguous"
            named = {} if entity == "customers" else {"sku": key}
            raise TaxAnswerError(self._system, reason, count=str(len(found)), **named)
        self._remember(entity, key, found[0])
        return found[0]

    def forget(self, records: Collection[tuple[str, str]]) -> None:
        """Drop these records, each named by entity and id or key."""
        for (entity, key), (record, _) in list(self._ids.items()):
            if (entity, key) in records or (entity, record.text) in records:
                del self._ids[entity, key]

    def forget_all(self) -> None:
        """Drop every record."""
        self._ids.clear()

    async def _found(self, entity: str, key: str) -> list[RecordId]:
        mapping = self._mapping(entity)
        source = self._description.entities[entity]
        canonical = TEXT_FORMS[mapping.fields[0].type](key)
        if source.find is not None:
            return self._read(mapping, canonical, await self._connector.find(entity, canonical))
        if mapping.id in mapping.fields[0].paths:
            # The key is the id: the system itself tells when it knows none such.
            return [RecordId(key, source.id)]
        known = None if self._known is None else await self._known.ids(entity, canonical)
        if known is None:
            raise ConfigurationError(
                phrase(
                    "“{vendor}” cannot be asked for {entity} by {keys}, and none were read before.",
                    vendor=self._description.vendor.name,
                    entity=entity,
                    keys=_KEYS[entity],
                ),
                hint=phrase("Read them once with: reconciler run {entity}.", entity=entity),
            )
        return [RecordId(identity, source.id) for identity in known]

    def _read(self, mapping: EntityMapping, key: str, records: list[JsonValue]) -> list[RecordId]:
        """Those that have exactly this key, each once: a search may give more than it was asked for."""
        source = self._description.entities[mapping.entity]
        paths = {name: parse_path(path, source.slots) for name, path in self._values.get(mapping.entity, {}).items()}
        found: dict[str, RecordId] = {}
        for record in records:
            identity = identifier_of(mapping.id.read(record))
            same = key_of(mapping.key, mapping.fields, values_of(mapping.fields, record)) == key
            if isinstance(identity, str) and same and belongs(mapping.only, record):
                values = {name: cast("JsonValue", path.read(record)) for name, path in paths.items()}
                found[identity] = RecordId(identity, source.id, values)
        return list(found.values())

    def _mapping(self, entity: str) -> EntityMapping:
        source, field = self._description.entities[entity], _KEYS[entity]
        entry = self._entries.get(entity) or source.fields.get(field)
        if entry is None:
            raise ConfigurationError(
                phrase(
                    "“{vendor}” does not say where {field} of {entity} is.",
                    vendor=self._description.vendor.name,
                    field=field,
                    entity=entity,
                ),
                hint=phrase("Name it under scope.{entity}.fields.{field}.", entity=entity, field=field),
            )
        canonical = ENTITIES[entity].field(field)
        if canonical is None:
            raise TypeError(f"{entity} have no {field}")
        return entity_mapping(
            self._description,
            entity,
            key=(field,),
            fields={field: entry},
            types={field: canonical.type},
            time_zone=self._time_zone,
        )

    def _unknown(self, entity: str, key: str) -> WrongQuoteError:
        where = "" if self._description.entities[entity].find is not None else " when it was last read"
        if entity == "customers":
            return WrongQuoteError(
                phrase("the ERP knew no customer {key}{where}.", key=key, where=where),
                code="unknown_customer",
                place="customer.tax_id",
            )
        return WrongQuoteError(
            phrase("the ERP knew no product {key}{where}.", key=key, where=where),
            code="unknown_product",
            place=f"sku {key}",
        )

    def _remember(self, entity: str, key: str, record: RecordId) -> None:
        self._ids[entity, key] = (record, self._monotonic_s() + KEPT_S)
        self._ids.move_to_end((entity, key))
        while len(self._ids) > KEPT_IDS:
            self._ids.popitem(last=False)
