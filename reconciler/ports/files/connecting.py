"""From settings and an address to something that opens connections: credentials in place, certificates checked."""

from __future__ import annotations

import codecs
import ssl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pydantic import JsonValue

from reconciler.errors import ConfigurationError
from reconciler.phrases.phrase import phrase
from reconciler.ports.files.address import FolderAddress
from reconciler.ports.files.folder import RemoteFolder
from reconciler.ports.files.session import Connect
from reconciler.ports.files.settings import FileSettings
from reconciler.ports.http.references import Values, resolve_text


def connect_to(
    system: str,
    settings: FileSettings,
    address: FolderAddress,
    *,
    credentials: Mapping[str, str],
    context: Mapping[str, JsonValue],
    project_folder: Path,
) -> Connect:
    """What opens a connection to the folder.

    Raises:
        ConfigurationError: a credential has no value, or a file that is named cannot be read.
    """
    values: Values = {"credentials": dict(credentials), "context": dict(context)}
    match address.scheme:
        case "file":
            return _local(settings, address)
        case "sftp":
            return _sftp(system, settings, address, values, project_folder)
        case _:
            return _ftp(system, settings, address, values, project_folder)


def _local(settings: FileSettings, address: FolderAddress) -> Connect:
    from reconciler.ports.files.local_folder import open_local_folder

    def connect() -> AbstractAsyncContextManager[RemoteFolder]:
        return open_local_folder(Path(address.path), settings.timeout_s)

    return connect


def _ftp(system: str, settings: FileSettings, address: FolderAddress, values: Values, project_folder: Path) -> Connect:
    from reconciler.ports.files.ftp_folder import FtpLogin, open_ftp_folder

    try:
        codecs.lookup(settings.names)
    except LookupError:
        raise ConfigurationError(
            phrase("files.names: there is no character set {names}.", names=repr(settings.names[:40]))
        ) from None
    login = FtpLogin(
        username=resolve_text(settings.auth.username, values) or "anonymous",
        password=_text(settings.auth.password, values) or "",
        tls=_tls(settings, values, project_folder) if address.scheme == "ftps" else None,
        names=settings.names,
        connect_timeout_s=settings.connect_timeout_s,
        timeout_s=settings.timeout_s,
    )

    def connect() -> AbstractAsyncContextManager[RemoteFolder]:
        return open_ftp_folder(system, address, login)

    return connect


def _sftp(system: str, settings: FileSettings, address: FolderAddress, values: Values, project_folder: Path) -> Connect:
    from reconciler.ports.files.sftp_folder import SftpLogin, open_sftp_folder

    known_hosts = _file_text("known_hosts", settings.known_hosts, values, project_folder)
    login = SftpLogin(
        username=resolve_text(settings.auth.username, values) or "anonymous",
        password=_text(settings.auth.password, values),
        private_key=_key_text(settings.auth.private_key, values),
        passphrase=_text(settings.auth.passphrase, values),
        host_key=_text(settings.host_key, values) or None,
        known_hosts=known_hosts,
        connect_timeout_s=settings.connect_timeout_s,
        timeout_s=settings.timeout_s,
    )

    def connect() -> AbstractAsyncContextManager[RemoteFolder]:
        return open_sftp_folder(system, address, login)

    return connect


def _tls(settings: FileSettings, values: Values, project_folder: Path) -> ssl.SSLContext:
    authority = _file_text("ca_file", settings.ca_file, values, project_folder)
    try:
        context = ssl.create_default_context(cadata=authority)
    except (ssl.SSLError, ValueError):
        raise ConfigurationError(phrase("files.ca_file holds no certificate in PEM form.")) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _text(template: str | None, values: Values) -> str | None:
    return None if template is None else resolve_text(template, values)


def _key_text(template: str | None, values: Values) -> str | None:
    """A private key has line ends, which no other credential may have."""
    if template is None:
        return None
    credentials = values.get("credentials")
    for name, value in credentials.items() if isinstance(credentials, dict) else ():
        if template == f"{{credentials.{name}}}" and isinstance(value, str):
            return value
    raise ConfigurationError(
        phrase("files.auth.private_key must be one of the credentials."),
        hint=phrase('Write "{{credentials.private_key}}".'),
    )


def _file_text(option: str, template: str | None, values: Values, project_folder: Path) -> str | None:
    name = _text(template, values)
    if not name:
        return None
    try:
        return (project_folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            phrase("files.{option}: the file {name} cannot be read.", option=option, name=name)
        ) from None
