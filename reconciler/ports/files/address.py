"""Where files are: the address of a folder, checked. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from reconciler.errors import ConfigurationError
from reconciler.phrases.phrase import phrase

Scheme = Literal["file", "ftp", "ftps", "sftp"]

_PORTS: Final[dict[str, int]] = {"ftp": 21, "ftps": 21, "sftp": 22}
_HINT: Final = phrase(
    "Use a path relative to the project file, file:///folder, ftp://host/folder, "
    "ftps://host/folder or sftp://host/folder."
)


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """An address.

    `ftps` is explicit FTPS: the connection begins in the clear on the port of FTP, and nothing but the greeting and
    `AUTH TLS` passes before it is protected. The path of an FTP address starts at the folder of the login, and one
    that begins with `//` at the root; that of an SFTP address starts at the root, and one that begins with `/~/` at
    the folder of the login.

    Attributes:
        host, port: "" and 0 for a folder of this machine.
        path: without a slash at the end; for a folder of this machine absolute.
        shown: for messages.
    """

    scheme: Scheme
    host: str
    port: int
    path: str
    shown: str

    @classmethod
    def parse(cls, text: str, project_folder: Path) -> FolderAddress:
        """Read an address.

        Args:
            project_folder: relative paths start there.

        Raises:
            ConfigurationError: it is none, or holds a user or password, which belong elsewhere.
        """
        if not text.isprintable() or not text.strip():
            raise ConfigurationError(
                phrase("the address of the files is empty or holds control characters."), hint=_HINT
            )
        scheme, separator, _ = text.partition("://")
        if not separator:
            return cls._local(project_folder / text, text)
        if scheme == "file":
            parts = urlsplit(text)
            if parts.netloc not in {"", "localhost"} or not parts.path:
                raise ConfigurationError(
                    phrase("{text} names a host; a folder of this machine has three slashes.", text=text), hint=_HINT
                )
            return cls._local(Path(unquote(parts.path)), text)
        if scheme not in _PORTS:
            raise ConfigurationError(
                phrase("the address of the files begins with {scheme}://.", scheme=scheme[:20]), hint=_HINT
            )
        return cls._remote(text)

    @classmethod
    def _local(cls, folder: Path, shown: str) -> FolderAddress:
        return cls("file", "", 0, str(folder.absolute()), shown)

    @classmethod
    def _remote(cls, text: str) -> FolderAddress:
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise ConfigurationError(phrase("the address of the files is not a URL."), hint=_HINT) from None
        if parts.username is not None or parts.password is not None:
            raise ConfigurationError(
                phrase("the address of the files holds a user or password."),
                hint=phrase("Put them into the credentials."),
            )
        if not parts.hostname or parts.query or parts.fragment:
            raise ConfigurationError(
                phrase("the address of the files needs a host, and nothing after the path."), hint=_HINT
            )
        path = unquote(parts.path)
        if not path.isprintable() or ".." in path.split("/"):
            raise ConfigurationError(phrase("the path of the files holds `..` or control characters."), hint=_HINT)
        scheme: Scheme = "sftp" if parts.scheme == "sftp" else "ftps" if parts.scheme == "ftps" else "ftp"
        return cls(scheme, parts.hostname, port or _PORTS[scheme], _rooted(scheme, path), text)


def _rooted(scheme: Scheme, path: str) -> str:
    """The path as the server is to be given it: "" is where the login starts."""
    if scheme != "sftp":
        return path.removeprefix("/").rstrip("/") or ("/" if path.startswith("//") else "")
    if path.startswith("/~"):
        return path.removeprefix("/~").strip("/")
    return path.rstrip("/") or ("/" if path else "")
