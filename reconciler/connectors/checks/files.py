"""What types alone cannot say about a description of files, and about how a system is reached. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.connectors.checks.http import text_problems
from reconciler.connectors.description import Description, EntitySource
from reconciler.phrases.phrase import phrase
from reconciler.ports.files.names import is_safe_folder
from reconciler.ports.files.settings import FileListing, FileSettings
from reconciler.ports.http.checks import Names, check_references
from reconciler.ports.http.settings import HttpSettings, Listing
from reconciler.toml_file import KeyPath, Problem

_ONLY_ASKED_FOR: Final = ("changed", "keys", "one", "find", "details", "write")
_REFERRING: Final = ("host_key", "known_hosts", "ca_file")


def port_problems(description: Description) -> Iterator[Problem]:
    """Mistakes in how the system is reached: over HTTP or through files, and each listing in that way."""
    http, files = description.http, description.files
    if http is not None and files is not None:
        yield Problem(
            ("files",), phrase("stands beside [http]; a system is reached in one way, and another is another file")
        )
        return
    if http is None and files is None:
        yield Problem(("http",), phrase("is missing; a system is reached over [http] or through [files]"))
        return
    if files is not None and description.probe is not None:
        yield Problem(("probe",), phrase("is a request, and a system that exchanges files answers none"))
    for name, source in description.entities.items():
        place: KeyPath = ("entities", name, "full")
        if files is not None and isinstance(source.full, Listing):
            yield Problem(
                place,
                phrase("is asked for, and the system is reached through [files]"),
                phrase("Give pattern and format."),
            )
        elif files is None and isinstance(source.full, FileListing):
            yield Problem(
                place,
                phrase("names files, and the system is reached over [http]"),
                phrase("Put [files] instead of [http]."),
            )


def file_problems(description: Description) -> Iterator[Problem]:
    """Mistakes in `files` and in the listings of files."""
    files, vendor = description.files, description.vendor
    if files is None:
        if "files" in vendor.ports:
            yield Problem(("vendor", "ports"), phrase("lists files, and there is no table files"))
        return
    if "files" not in vendor.ports:
        yield Problem(("vendor", "ports"), phrase("does not list files, and there is a table files"))
    names = Names.of(HttpSettings(), vendor.credentials, vendor.context)
    yield from check_references(files.auth.model_dump(exclude_none=True), names, ("files", "auth"))
    for option in _REFERRING:
        yield from check_references(getattr(files, option), names, ("files", option))
    yield from _settings_problems(files)
    for name, source in description.entities.items():
        if isinstance(source.full, FileListing):
            yield from _listing_problems(("entities", name), source, source.full)
    yield from text_problems(description)


def _settings_problems(files: FileSettings) -> Iterator[Problem]:
    if files.done is not None and not (files.done and is_safe_folder(files.done)):
        yield Problem(("files", "done"), phrase("must be a folder below the address, without `..`"))
    if files.ready is not None and not ("{name}" in files.ready or "{stem}" in files.ready):
        yield Problem(
            ("files", "ready"), phrase("must hold {{name}} or {{stem}}, or every file would have the same marker")
        )


def _listing_problems(place: KeyPath, source: EntitySource, listing: FileListing) -> Iterator[Problem]:
    for option in _ONLY_ASKED_FOR:
        if getattr(source, option):
            yield Problem((*place, option), phrase("cannot be asked for: the system is reached through [files]"))
    full: KeyPath = (*place, "full")
    if not is_safe_folder(listing.folder):
        yield Problem((*full, "folder"), phrase("must be a folder below the address, without `..`"))
    for option in ("pattern", "changes"):
        pattern = getattr(listing, option)
        if pattern is not None and (not pattern or "/" in pattern):
            yield Problem((*full, option), phrase("must be the pattern of a name, and the folder is told by `folder`"))
    if listing.changes == listing.pattern:
        yield Problem((*full, "changes"), phrase("is the same as `pattern`, so no file would be a full one"))
    if listing.id is None and (listing.changes is not None or listing.rows_into is not None):
        yield Problem((*full, "id"), phrase("is needed to know which rows speak of the same record"))
    if listing.id is not None and listing.id != source.id:
        yield Problem((*full, "id"), phrase("is not the `id` of the entity, and both tell records apart"))
