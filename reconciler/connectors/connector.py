"""Follows a description: reads one system's records in full, as far as changed, one by one, or only their ids."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog
from pydantic import JsonValue

from reconciler.connectors.description import Certainty, Description, EntitySource
from reconciler.connectors.details import DetailReader, ListingName
from reconciler.connectors.moments import moment_values
from reconciler.connectors.record_id import id_values
from reconciler.connectors.record_port import RecordPort
from reconciler.connectors.scan import ScanWatch, shifts
from reconciler.errors import ConfigurationError, PageDriftError, ResponseNotUnderstoodError, VendorFaultError
from reconciler.mapping.composite import members_of, parse_id
from reconciler.phrases.phrase import phrase
from reconciler.ports.files.settings import FileListing
from reconciler.ports.http.page_facts import RecordPage
from reconciler.ports.http.references import Value
from reconciler.ports.http.settings import Listing
from reconciler.ports.listing import RecordListing

_NOTHING: Final[Mapping[str, Value]] = {}

_READINGS_OF_NOTHING: Final = 2
_KEY_REFUSED: Final = frozenset({"400", "422"})
_log = structlog.get_logger("reconciler.connectors")

SCANS: Final = 3
"""Scans that are tried before records are said to move too much to be read."""


class PageSink(Protocol):
    """Takes the pages of a pull."""

    async def page(self, page: RecordPage) -> None:
        """Take one page. Page numbers are unique within a scan and may come out of order."""
        ...

    async def restart(self) -> None:
        """Forget every page taken so far: records moved, and they are all read again."""
        ...


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a description offers for one entity.

    Attributes:
        paging: kind of paging of the full listing.
        shifts: whether records that come or go can move others to another page while pages are read. Then a scan is
            checked, and repeated when it cannot be believed.
        total: whether the system says how many records there are.
        changed, keys, one, find: whether there is a listing for changed records, for ids only, for one id, for one key.
        verified, note: how far the description was verified, and against what.
    """

    paging: str
    shifts: bool
    total: bool
    changed: bool
    keys: bool
    one: bool
    find: bool
    verified: Certainty
    note: str


class Connector:
    """One system, read as its description says.

    Args:
        system: `crm` or `erp`, for messages.
        port: open, and used for nothing else meanwhile; calls may run concurrently.
        time_zone: of moments that a system reads without an offset.
    """

    def __init__(self, system: str, description: Description, port: RecordPort, time_zone: tzinfo) -> None:
        self.description = description
        self._system = system
        self._port = port
        self._time_zone = time_zone

    @property
    def port(self) -> RecordPort:
        """For calls that are about no entity, such as registering webhooks."""
        return self._port

    def capabilities(self, entity: str) -> Capabilities:
        """What can be asked of one entity. Raises ConfigurationError for an entity that is not described."""
        source = self._source(entity)
        return Capabilities(
            paging=source.full.paging.kind,
            shifts=shifts(source.full.paging),
            total=source.full.stop.total is not None or source.full.paging.kind == "range",
            changed=source.changed is not None,
            keys=source.keys is not None,
            one=source.one is not None,
            find=source.find is not None,
            verified=source.verified,
            note=source.note,
        )

    def can_read_one(self, entity: str) -> bool:
        """Whether `one` works."""
        return self._source(entity).one is not None

    def can_find(self, entity: str) -> bool:
        """Whether `find` works."""
        return self._source(entity).find is not None

    async def probe(self) -> None:
        """Make one cheap call that needs the credentials. Raises SystemReadError when it fails."""
        if self.description.probe is not None:
            await self._port.call(self.description.probe)
            return
        first = next(iter(self.description.entities.values()))
        await self._begins_with_records(first.full, _NOTHING)

    async def pull(self, entity: str, since: datetime | None = None) -> AsyncGenerator[RecordPage]:
        """Pages of one scan: of all records, or of those changed at `since` (aware) or later.

        What was yielded counts only if the generator ends by itself.

        Raises:
            PageDriftError: records moved while they were read, so that some may be missing or double.
            SystemReadError: the system could not be read.
            ConfigurationError: the entity, or changes of it, are not described.
        """
        source = self._source(entity)
        listing, values = (source.full, _NOTHING) if since is None else self._changed(entity, source, since)
        started_at = datetime.now(UTC)
        watch = _watch(source, listing)
        details = self._details(source, "full" if since is None else "changed")
        async with aclosing(self._watched(entity, listing, values, watch)) as pages:
            async for page in pages:
                yield await details.page(page, listing.records)
        # A listing of changes has no light twin to compare with, and what it misses is seen by the next full sweep.
        if since is None and not await self._is_complete(entity, watch, started_at):
            raise self._drift(entity, "some records were never on the page that was read")

    async def pull_stable(self, entity: str, since: datetime | None, sink: PageSink) -> None:
        """Give `sink` the pages of one scan that can be believed.

        Raises:
            PageDriftError: records moved during each of `SCANS` scans.
            SystemReadError: the system could not be read. The sink holds an incomplete scan then.
            ConfigurationError: as `pull`.
        """
        for scan in range(SCANS):
            if scan:
                self._port.forget_answers()
                await sink.restart()
            try:
                async with aclosing(self.pull(entity, since)) as pages:
                    async for page in pages:
                        await sink.page(page)
            except PageDriftError as error:
                drift = error
            else:
                return
        raise drift

    async def ids(self, entity: str) -> set[str]:
        """The id of every record there is now, as text.

        Raises:
            PageDriftError: records moved during each of `SCANS` scans.
            SystemReadError: the system could not be read.
        """
        source = self._source(entity)
        listing = source.keys or source.full
        earlier: set[str] | None = None
        for scan in range(SCANS):
            if scan:
                self._port.forget_answers()
            started_at = datetime.now(UTC)
            watch = _watch(source, listing)
            try:
                async with aclosing(self._watched(entity, listing, _NOTHING, watch)) as pages:
                    async for _page in pages:
                        pass
            except PageDriftError as error:
                drift = error
                continue
            found = watch.ids
            if found == earlier or not watch.may_have_shifted or await self._is_quiet(entity, watch, started_at):
                return found
            earlier = found
            drift = self._drift(entity, "no two readings of the ids agree")
        raise drift

    async def one(self, entity: str, identity: str) -> list[JsonValue]:
        """The record with that id, or nothing. Raises as `find`."""
        source = self._source(entity)
        if not isinstance(source.id, str) and not members_of(identity, len(source.id)):
            return []
        return await self._few(entity, "one", source.one, id_values(identity, source.id))

    async def find(self, entity: str, key: str) -> list[JsonValue]:
        """The records with that key, in its canonical form.

        A key the system cannot even be asked for, such as letters where its numbers have none, has no record there.

        Raises:
            SystemReadError: the system could not be read.
            ConfigurationError: the description has no such listing.
        """
        try:
            return await self._few(entity, "find", self._source(entity).find, {"key": key})
        except ConfigurationError:
            # Letters and digits can be put anywhere: with such a key, the mistake is another one.
            if key.isalnum():
                raise
        except VendorFaultError as error:
            if error.vendor_code not in _KEY_REFUSED:
                raise
            _log.info("key_refused", system=self._system, entity=entity, status=error.vendor_code)
        return []

    async def _few(
        self, entity: str, name: ListingName, listing: Listing | None, values: Mapping[str, Value]
    ) -> list[JsonValue]:
        if listing is None:
            raise ConfigurationError(
                phrase(
                    "“{vendor}” has no listing `{name}` for {entity}.",
                    vendor=self.description.vendor.name,
                    name=name,
                    entity=entity,
                )
            )
        records: list[JsonValue] = []
        async with aclosing(self._pages(listing, values)) as pages:
            async for page in pages:
                records += page.records
        return await self._details(self._source(entity), name).completed(records)

    async def _pages(self, listing: RecordListing, values: Mapping[str, Value]) -> AsyncGenerator[RecordPage]:
        """The pages of a listing. Nothing at all is believed only when it is said in so many words, or twice.

        Systems that are asked too fast may answer with an empty list and a zero for its total. Where the description
        tells how to confirm an empty page, the port has done so.
        """
        readings = 1 if listing.confirm_empty_s is not None else _READINGS_OF_NOTHING
        empty: RecordPage | None = None
        for reading in range(readings):
            if reading:
                self._port.forget_answers()
            async with aclosing(self._port.pages(listing, values)) as pages:
                async for page in pages:
                    if page.records:
                        empty = None
                        yield page
                    else:
                        empty = page
            if empty is None:
                return
            if not empty.body:
                break
        if empty is not None:
            yield empty

    async def _begins_with_records(self, listing: RecordListing, values: Mapping[str, Value]) -> bool:
        async with aclosing(self._pages(listing, values)) as pages:
            return bool((await anext(pages)).records)

    async def _watched(
        self, entity: str, listing: RecordListing, values: Mapping[str, Value], watch: ScanWatch
    ) -> AsyncGenerator[RecordPage]:
        """The pages of a listing. Raises PageDriftError as soon as the watch is in doubt."""
        async with aclosing(self._pages(listing, values)) as pages:
            async for page in pages:
                watch.see(page)
                if watch.trouble is not None:
                    break
                yield page
        watch.finish()
        if watch.trouble is not None:
            raise self._doubt(entity, listing, watch.trouble)
        if listing.ceiling is not None and watch.records >= listing.ceiling:
            raise ResponseNotUnderstoodError(
                self._system,
                phrase(
                    "{entity}: the system gives no more than {ceiling} records of a listing, and so many came.",
                    entity=entity,
                    ceiling=listing.ceiling,
                ),
                hint=phrase(
                    "Narrow the listing with a filter in a description of your own, or read an export file instead."
                ),
            )

    async def _is_complete(self, entity: str, watch: ScanWatch, started_at: datetime) -> bool:
        """Whether no record slipped from a page that was still to be read to one that was read already."""
        if not watch.may_have_shifted or await self._is_quiet(entity, watch, started_at):
            return True
        return await self.ids(entity) <= watch.ids

    async def _is_quiet(self, entity: str, watch: ScanWatch, started_at: datetime) -> bool:
        """Whether the totals prove a scan of shifting pages.

        They do unless a deletion was made good by an insertion, and that one would be among the changed records. Where
        changes cannot be asked for, agreeing totals have to do; a second reading would double every pull.
        """
        source = self._source(entity)
        if not watch.told_a_total:
            return False
        if source.changed is None:
            return source.keys is None
        since = started_at - timedelta(seconds=source.changed.overlap_s)
        listing, values = self._changed(entity, source, since)
        return not await self._begins_with_records(listing, values)

    def _details(self, source: EntitySource, listing: ListingName) -> DetailReader:
        return DetailReader(self._system, self._port, source.details, listing)

    def _changed(self, entity: str, source: EntitySource, since: datetime) -> tuple[Listing, Mapping[str, Value]]:
        if source.changed is None:
            raise ConfigurationError(
                phrase(
                    "“{vendor}” cannot be asked for changed {entity}.",
                    vendor=self.description.vendor.name,
                    entity=entity,
                )
            )
        changed = source.changed
        zone = self._time_zone if changed.time_zone is None else ZoneInfo(changed.time_zone)
        return changed.listing, moment_values(since, changed.format, zone)

    def _source(self, entity: str) -> EntitySource:
        source = self.description.entities.get(entity)
        if source is None:
            raise ConfigurationError(
                phrase("“{vendor}” describes no {entity}.", vendor=self.description.vendor.name, entity=entity)
            )
        return source

    def _doubt(self, entity: str, listing: RecordListing, why: str) -> PageDriftError | ResponseNotUnderstoodError:
        if isinstance(listing, FileListing):
            # Nothing moves inside a file: reading it again would give the same.
            return ResponseNotUnderstoodError(
                self._system,
                phrase("{entity}: the file is not a list of different records: {why}.", entity=entity, why=why),
                hint=phrase(
                    "Have the sender write each record once, or name the column that tells them apart as `id`."
                ),
            )
        return self._drift(entity, why)

    def _drift(self, entity: str, why: str) -> PageDriftError:
        return PageDriftError(
            self._system,
            phrase("{entity} changed while they were read: {why}.", entity=entity, why=why),
            hint=phrase("Run again when fewer people work in the system."),
        )


def _watch(source: EntitySource, listing: RecordListing) -> ScanWatch:
    return ScanWatch(listing.paging, parse_id(source.id, source.slots))
