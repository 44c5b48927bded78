"""vsftpd and OpenSSH on loopback, as Debian ships them, without root: installed ones, or packages unpacked for one run.

Nothing of the system is touched: own ports, own keys, own folders; the processes end with the context.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncssh
import trustme

from tests.real.environment import HOME

_PACKAGES: Final = ("vsftpd", "openssh-server", "libwrap0")
_START_TIMEOUT_S: Final = 20.0
_STOP_TIMEOUT_S: Final = 10.0
_POLL_S: Final = 0.05
_WITHOUT_RIGHTS: Final = "daemon"
"""Whom the servers run as when we are root: neither needs more. OpenSSH takes `nobody` for locked."""
DOORS: Final = ("ftp", "ftps", "sftp")
"""A folder of this name is there for each."""
PASSWORD: Final = "a-made-up-password"


class FileServersMissingError(RuntimeError):
    """There are no file servers on this machine, and none could be fetched."""


@dataclass(frozen=True, slots=True)
class FileServers:
    """Running servers. All of them serve files below `folder`.

    Attributes:
        ftp, ftps, sftp: ports. The second accepts nothing in the clear.
        authority: PEM file of the authority of the FTPS certificate.
        host_key: fingerprint of the SSH server.
        sftp_user: who may log in, with `client_key` (the text of a private key).
        greetings: what the programs say they are.
    """

    folder: Path
    ftp: int
    ftps: int
    sftp: int
    authority: Path
    host_key: str
    sftp_user: str
    client_key: str
    greetings: list[str]


@dataclass(frozen=True, slots=True)
class _Programs:
    vsftpd: Path
    sshd: Path
    environment: dict[str, str]

    def start(self, *command: Path | str, log: Path) -> subprocess.Popen[bytes]:
        """As `_user()`, in the background."""
        user = _user()
        lowered: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with log.open("ab") as stream:
            return subprocess.Popen(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                **(lowered if os.geteuid() == 0 else {}),
            )


@contextmanager
def running_file_servers(folder: Path) -> Iterator[FileServers]:
    """Start all three in a folder of their own, and stop them at the end.

    Raises:
        FileServersMissingError: with what to install.
    """
    programs = _programs(folder / "programs")
    served = folder / "served"
    for door in DOORS:
        (served / door).mkdir(parents=True)
    authority = _certificates(folder)
    host_key, client_key = _ssh_keys(folder)
    ftp, ftps, sftp = (_free_port() for _ in range(3))
    commands = [
        (ftp, (programs.vsftpd, _vsftpd_configuration(folder, served, ftp, tls=False))),
        (ftps, (programs.vsftpd, _vsftpd_configuration(folder, served, ftps, tls=True))),
        (sftp, (programs.sshd, "-D", "-e", "-f", _sshd_configuration(folder, sftp))),
    ]
    _give_away(folder)
    running: list[subprocess.Popen[bytes]] = []
    greetings = []
    try:
        for port, command in commands:
            log = folder / f"{port}.log"
            running.append(programs.start(*command, log=log))
            greetings.append(_greeting(port, running[-1], log))
        yield FileServers(served, ftp, ftps, sftp, authority, host_key, _user().pw_name, client_key, greetings)
    finally:
        for process in running:
            _stop(process)


def _programs(unpacked: Path) -> _Programs:
    """Installed ones, or else those of the packages."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"])
    vsftpd, sshd = (shutil.which(name, path=places) for name in ("vsftpd", "sshd"))
    environment = {"PATH": places}
    if vsftpd is None or sshd is None:
        _unpack(unpacked)
        libraries = [str(path) for path in unpacked.glob("usr/lib/*-linux-gnu*")]
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(libraries)
        vsftpd, sshd = (str(unpacked / "usr" / "sbin" / name) for name in ("vsftpd", "sshd"))
    return _Programs(Path(vsftpd), Path(sshd), environment)


def _unpack(target: Path) -> None:
    """Fetch Debian's packages once; unpack them, which installs nothing."""
    cache = HOME / "debian"
    cache.mkdir(parents=True, exist_ok=True)
    try:
        if len(list(cache.glob("*.deb"))) < len(_PACKAGES):
            print("fetching vsftpd and OpenSSH from Debian …", file=sys.stderr, flush=True)
            # Otherwise root is told that the folder is closed to the user that apt has for fetching.
            quietly = ["-qq", "-o", "APT::Sandbox::User=root"]
            subprocess.run(["apt-get", "download", *quietly, *_PACKAGES], cwd=cache, check=True, stdout=sys.stderr)
        for package in sorted(cache.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, target], check=True, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        raise FileServersMissingError(
            f"vsftpd and OpenSSH are needed, and Debian's packages could not be had ({error}): "
            "install vsftpd and openssh-server, or make apt-get download work."
        ) from error


def _vsftpd_configuration(folder: Path, served: Path, port: int, *, tls: bool) -> Path:
    """Without root vsftpd knows only the anonymous user; a list of "e-mail addresses" gives that one a password."""
    passwords = folder / "passwords"
    passwords.write_text(f"{PASSWORD}\n")
    options = {
        "listen": "YES",
        "listen_address": "127.0.0.1",
        "listen_port": port,
        "background": "NO",
        "run_as_launching_user": "YES",
        "seccomp_sandbox": "NO",
        "isolate": "NO",
        "isolate_network": "NO",
        "ftp_username": _user().pw_name,
        "nopriv_user": _user().pw_name,
        "anonymous_enable": "YES",
        "secure_email_list_enable": "YES",
        "email_password_file": passwords,
        "anon_root": served,
        "allow_writeable_chroot": "YES",
        "anon_world_readable_only": "NO",
        "write_enable": "YES",
        "anon_upload_enable": "YES",
        "anon_mkdir_write_enable": "YES",
        "anon_other_write_enable": "YES",
        "xferlog_enable": "NO",
    }
    if tls:
        options |= {
            "ssl_enable": "YES",
            "allow_anon_ssl": "YES",
            "force_anon_logins_ssl": "YES",
            "force_anon_data_ssl": "YES",
            "require_ssl_reuse": "YES",
            "ssl_ciphers": "HIGH",
            "rsa_cert_file": folder / "server.pem",
            "rsa_private_key_file": folder / "server.pem",
        }
    path = folder / f"vsftpd-{port}.conf"
    path.write_text("".join(f"{name}={value}\n" for name, value in options.items()))
    return path


def _sshd_configuration(folder: Path, port: int) -> Path:
    options = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host_key",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PidFile": "none",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "StrictModes": "no",
        "Subsystem": f"sftp internal-sftp -d {folder / 'served'}",
        "ForceCommand": f"internal-sftp -d {folder / 'served'}",
    }
    path = folder / "sshd.conf"
    path.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    return path


def _certificates(folder: Path) -> Path:
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    certificate = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    return folder / "authority.pem"


def _ssh_keys(folder: Path) -> tuple[str, str]:
    """The fingerprint of the server's key, and the client's private key."""
    host, client = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    host.write_private_key(str(folder / "host_key"))
    (folder / "authorized_keys").write_bytes(client.export_public_key())
    return str(host.get_fingerprint()), client.export_private_key().decode()


def _give_away(folder: Path) -> None:
    """To who runs the servers. Secret keys may be read by their owner alone."""
    (folder / "host_key").chmod(0o600)
    if os.geteuid() == 0:
        user = _user()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def _user() -> pwd.struct_passwd:
    return pwd.getpwnam(_WITHOUT_RIGHTS) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _greeting(port: int, process: subprocess.Popen[bytes], log: Path) -> str:
    """The first line of the server, as soon as it gives one."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"a file server ended with {process.returncode}: {log.read_text()[-500:]}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                greeting = connection.recv(200).decode("ascii", "replace").strip()
        except OSError:
            time.sleep(_POLL_S)
            continue
        if greeting.startswith(("220", "SSH-2.0")):
            return greeting
    raise TimeoutError(f"a file server does not answer: {log.read_text()[-500:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
