"""What a vendor description can say about files, as strict types. Pure data.

Texts under `auth`, and `host_key`, `known_hosts` and `ca_file`, may refer to `{credentials.<name>}` and
`{context.<name>}`, so that what belongs to one company stays in its project file.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from reconciler.ports.files.formats import FileFormat
from reconciler.ports.http.settings import SinglePage, Stop, Strict


class FileAuth(Strict):
    """Who we are to the server. A local folder needs nothing.

    Attributes:
        private_key: SFTP only: the key itself, in OpenSSH or PEM form; `passphrase` opens it.
    """

    username: str = "anonymous"
    password: str | None = None
    private_key: str | None = None
    passphrase: str | None = None


class FileSettings(Strict):
    """Everything a description says of a folder that files come from.

    Attributes:
        base_url: default address; the project's own replaces it. See `address.FolderAddress`.
        host_key: SFTP: fingerprint of the server's key, `SHA256:…`. It or `known_hosts` is needed.
        known_hosts: SFTP: file in OpenSSH format; a relative path starts at the project folder.
        ca_file: FTPS: PEM file of the authority that signed the server's certificate, where it is not a public one.
        concurrency: connections at once.
        timeout_s: one command, and the longest silence while bytes move.
        attempts: how often a lost connection is opened again without anything having moved meanwhile; the waits grow
            from `first_wait_s`.
        settle_s: a file whose size and stamp differ between two looks this far apart is still being written, and left
            alone.
        ready: name of a file that appears when another is complete, with `{name}` or `{stem}`, such as `"{name}.ok"`.
            Then there is only one look.
        checksum: each file comes with one of this kind beside it, `<name>.md5` or `<name>.sha256`.
        done: folder, below the address, that files are moved into once they are in the archive. Without it nothing on
            the server is touched.
        max_file_mib: a larger file is an error.
        keep_files: full files of each listing that are kept in the archive.
        names: character set of file names on an FTP server.
    """

    base_url: str | None = None
    auth: FileAuth = FileAuth()
    host_key: str | None = None
    known_hosts: str | None = None
    ca_file: str | None = None
    concurrency: PositiveInt = 2
    connect_timeout_s: PositiveFloat = 15.0
    timeout_s: PositiveFloat = 60.0
    attempts: PositiveInt = 4
    first_wait_s: PositiveFloat = 0.5
    settle_s: Annotated[float, Field(ge=0, le=600)] = 5.0
    ready: str | None = None
    checksum: Literal["md5", "sha256"] | None = None
    done: str | None = None
    max_file_mib: PositiveInt = 1024
    keep_files: PositiveInt = 10
    names: str = "utf-8"


class FileListing(Strict):
    """Files of which the newest holds every record.

    Attributes:
        folder: below the address; "" is the address itself.
        pattern: names of full files; `*` is any text, `?` any character, case counts.
        format: layout of full and change files.
        changes: names of files that hold only what changed. Those delivered after the newest full file replace its
            records of the same `id`. A name that fits both patterns is a change file.
        id: column that identifies a record. Needed for `changes` and `rows_into`.
        rows_into: rows that follow one another with the same `id` are one record: the first of them, with the list of
            all of them under this name (the lines of an order).
        max_age_h: the newest full file may be this old; an older one is an error, lest a side that is no longer
            exported look like a mass of differences.
    """

    folder: str = ""
    pattern: str
    format: FileFormat
    changes: str | None = None
    id: str | None = None
    rows_into: str | None = None
    max_age_h: PositiveFloat | None = None

    @property
    def records(self) -> str:
        """A page of a file is the list of its records itself."""
        return ""

    @property
    def paging(self) -> SinglePage:
        """Files do not shift while they are read."""
        return SinglePage(kind="single")

    @property
    def stop(self) -> Stop:
        """A file ends by itself."""
        return Stop()

    @property
    def confirm_empty_s(self) -> float:
        """A file without records says so reliably; it is not read twice."""
        return 0.0

    @property
    def ceiling(self) -> None:
        """A file may hold any number of records."""
        return None
