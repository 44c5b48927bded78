"""Servers must prove who they are before they get a password, and we must prove who we are."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from reconciler.errors import ConfigurationError, CredentialsRefusedError, ResponseTimeoutError, UnreachableError
from reconciler.ports.files.address import FolderAddress
from reconciler.ports.files.connecting import connect_to
from reconciler.ports.files.ledger import FileLedger
from reconciler.ports.files.settings import FileAuth
from tests.ports.files.file_servers import (
    HOST,
    PASSWORD,
    USER,
    Behaviour,
    SftpServer,
    certificate,
    ftp_server,
    sftp_server,
)
from tests.ports.files.receiving import listing, names_of, port_on, settings, write

_WITH_PASSWORD = FileAuth(username=USER, password="{credentials.password}")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    write(folder / "customers.csv", "1;Acme")
    return folder


async def _read(url: str, tmp_path: Path, ledger: FileLedger, **options: Any) -> dict[str, str]:
    async with port_on(url, tmp_path, ledger, **{"auth": _WITH_PASSWORD, **options}) as port:
        return await names_of(port, listing())


async def _sftp(server: SftpServer, tmp_path: Path, ledger: FileLedger, **options: Any) -> dict[str, str]:
    return await _read(f"sftp://{HOST}:{server.port}/", tmp_path, ledger, **options)


@pytest.mark.parametrize("declared", [None, "SHA256:an-other-one"], ids=["no key declared", "another key declared"])
async def test_an_unknown_host_key_is_refused_and_told(
    declared: str | None, root: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    async with sftp_server(root) as server:
        with pytest.raises(UnreachableError) as refused:
            await _sftp(server, tmp_path, ledger, host_key=declared)
    assert server.fingerprint in refused.value.message
    assert "host_key" in refused.value.hint


async def test_a_known_hosts_entry_vouches_for_a_server(root: Path, tmp_path: Path, ledger: FileLedger) -> None:
    async with sftp_server(root) as server:
        public = server.host_key.export_public_key().decode()
        (tmp_path / "known_hosts").write_text(f"[{HOST}]:{server.port} {public}")
        assert await _sftp(server, tmp_path, ledger, known_hosts="known_hosts") == {"1": "Acme"}


async def test_a_known_hosts_entry_of_another_key_does_not(root: Path, tmp_path: Path, ledger: FileLedger) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    async with sftp_server(root) as server:
        (tmp_path / "known_hosts").write_text(f"[{HOST}]:{server.port} {other}")
        with pytest.raises(UnreachableError, match=server.fingerprint.replace("+", r"\+")):
            await _sftp(server, tmp_path, ledger, known_hosts="known_hosts")


async def test_a_private_key_opens_the_session(root: Path, tmp_path: Path, ledger: FileLedger) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    text = key.export_private_key("pkcs8-pem", PASSWORD).decode()
    auth = FileAuth(username=USER, private_key="{credentials.key}", passphrase="{credentials.password}")
    async with sftp_server(root, user_key=key) as server:
        options: dict[str, Any] = {"auth": auth, "host_key": server.fingerprint, "credentials": {"key": text}}
        assert await _sftp(server, tmp_path, ledger, **options) == {"1": "Acme"}


async def test_another_private_key_is_refused(root: Path, tmp_path: Path, ledger: FileLedger) -> None:
    text = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    auth = FileAuth(username=USER, private_key="{credentials.key}")
    async with sftp_server(root, user_key=asyncssh.generate_private_key("ssh-ed25519")) as server:
        options: dict[str, Any] = {"auth": auth, "host_key": server.fingerprint, "credentials": {"key": text}}
        with pytest.raises(CredentialsRefusedError):
            await _sftp(server, tmp_path, ledger, **options)


async def test_a_private_key_that_cannot_be_read_is_a_mistake_of_the_configuration(
    root: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    auth = FileAuth(username=USER, private_key="{credentials.key}")
    async with sftp_server(root) as server:
        with pytest.raises(ConfigurationError, match="private key") as refused:
            await _sftp(server, tmp_path, ledger, auth=auth, credentials={"key": "-----BEGIN made-up-secret"})
    assert "made-up-secret" not in f"{refused.value} {refused.value.detail}"


async def test_a_wrong_password_is_told_apart_from_an_absent_server(
    root: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    wrong: dict[str, Any] = {"credentials": {"password": "another-made-up-one"}}
    async with sftp_server(root) as server:
        with pytest.raises(CredentialsRefusedError):
            await _sftp(server, tmp_path, ledger, host_key=server.fingerprint, **wrong)
    with ftp_server(root) as port, pytest.raises(CredentialsRefusedError) as refused:
        await _read(f"ftp://{HOST}:{port}", tmp_path, ledger, **wrong)
    assert "another-made-up-one" not in f"{refused.value} {refused.value.detail}"
    with pytest.raises(UnreachableError, match="no connection"):
        await _read(f"ftp://{HOST}:{port}", tmp_path, ledger)


async def test_a_certificate_of_an_unknown_authority_gets_no_password(
    root: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    behaviour = Behaviour()
    issued = certificate(tmp_path)
    with (
        ftp_server(root, behaviour, issued.server) as port,
        pytest.raises(UnreachableError, match="certificate") as refused,
    ):
        await _read(f"ftps://{HOST}:{port}", tmp_path, ledger)
    assert "ca_file" in refused.value.hint
    assert "PASS" not in behaviour.commands


async def test_a_certificate_for_another_name_gets_no_password(root: Path, tmp_path: Path, ledger: FileLedger) -> None:
    behaviour = Behaviour()
    issued = certificate(tmp_path, "files.example.com")
    with ftp_server(root, behaviour, issued.server) as port, pytest.raises(UnreachableError, match="certificate"):
        await _read(f"ftps://{HOST}:{port}", tmp_path, ledger, ca_file="authority.pem")
    assert "PASS" not in behaviour.commands


async def test_a_server_without_tls_gets_no_password(root: Path, tmp_path: Path, ledger: FileLedger) -> None:
    behaviour = Behaviour()
    with ftp_server(root, behaviour) as port, pytest.raises(UnreachableError, match="refuses the session"):
        await _read(f"ftps://{HOST}:{port}", tmp_path, ledger)
    assert not {"USER", "PASS"} & set(behaviour.commands)


@contextmanager
def _silent_server() -> Iterator[int]:
    """Takes connections and says nothing."""
    with socket.create_server((HOST, 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
async def test_a_server_that_says_nothing_is_not_waited_for_forever(
    scheme: str, tmp_path: Path, ledger: FileLedger
) -> None:
    with _silent_server() as port, pytest.raises(ResponseTimeoutError):
        await _read(f"{scheme}://{HOST}:{port}/", tmp_path, ledger, timeout_s=0.05, connect_timeout_s=0.05)


def test_the_pem_file_of_the_authority_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "authority.pem").write_text("nothing of the kind")
    for name, problem in (("authority.pem", "no certificate"), ("none.pem", "cannot be read")):
        with pytest.raises(ConfigurationError, match=problem):
            connect_to(
                "erp",
                settings(ca_file=name),
                FolderAddress.parse("ftps://files.example.com", tmp_path),
                credentials={},
                context={},
                project_folder=tmp_path,
            )
