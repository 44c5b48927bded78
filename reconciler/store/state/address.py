"""Where the state is: the `state` URL of the project file, checked and completed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from reconciler.errors import ConfigurationError
from reconciler.phrases.phrase import phrase

_HINT = phrase("Use sqlite:///state.db (a path relative to the project file) or postgresql://user@host/database.")


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address.

    Attributes:
        url: with the driver the engine uses.
        file: the database file, absolute; None for a server.
        shown: for messages, without password.
    """

    url: URL
    file: Path | None
    shown: str

    @classmethod
    def parse(cls, text: str, folder: Path) -> Address:
        """Read a `state` URL; a relative SQLite path starts at `folder`.

        Raises:
            ConfigurationError: not a URL, or of a database that is not supported.
        """
        try:
            url = make_url(text)
        except ArgumentError:
            raise ConfigurationError(phrase("project.state is not a database URL."), hint=_HINT) from None
        if url.drivername == "sqlite":
            return cls._sqlite(url, folder)
        if url.drivername in {"postgresql", "postgres"}:
            return cls._postgresql(url)
        raise ConfigurationError(
            phrase("project.state names a database that is not supported: {drivername}.", drivername=url.drivername),
            hint=_HINT,
        )

    @classmethod
    def _sqlite(cls, url: URL, folder: Path) -> Address:
        if url.host or url.query or not url.database or url.database == ":memory:" or "\x00" in url.database:
            raise ConfigurationError(
                phrase("project.state must name a file, without a host and without options."), hint=_HINT
            )
        file = (folder.absolute() / url.database).resolve()
        return cls(URL.create("sqlite+aiosqlite", database=str(file)), file, str(file))

    @classmethod
    def _postgresql(cls, url: URL) -> Address:
        if not url.database:
            raise ConfigurationError(phrase("project.state names a server and no database."), hint=_HINT)
        return cls(url.set(drivername="postgresql+asyncpg"), None, url.render_as_string(hide_password=True))
