"""Nobody beyond this machine reaches the service without tokens and encryption."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from reconciler.errors import ConfigurationError, RefusedError, SecretMissingError
from reconciler.project import load_project
from reconciler.service.exposure import Exposure, exposure_of
from tests.service.service_rig import PROJECT

TOKENS = {"RECONCILER_TOKENS": "a:sales:token-of-the-test-0123"}
NAMED = 'tokens = { env = "RECONCILER_TOKENS" }\n'
TLS = 'tls_certificate = "server.pem"\ntls_key = "server.key"\n'


def exposed(folder: Path, section: str, *, behind_proxy: bool = False) -> Exposure:
    file = folder / "reconciler.toml"
    file.write_text(f"{PROJECT}\n[service]\n{section}")
    return exposure_of(load_project(file, TOKENS), behind_proxy=behind_proxy)


def certificate_in(folder: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("reconciler.example.com")
    issued.private_key_pem.write_to_path(folder / "server.key")
    issued.cert_chain_pems[0].write_to_path(folder / "server.pem")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_on_loopback_nothing_is_needed(tmp_path: Path, host: str) -> None:
    found = exposed(tmp_path, f'host = "{host}"\n')
    assert (found.anybody_here, found.tokens, found.is_encrypted) == (True, None, False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.7", "erp.example.com", "127.0.0.1.example.com"])  # noqa: S104  # refused
@pytest.mark.parametrize(
    ("section", "behind_proxy", "words"),
    [
        ("", False, "only with tokens"),
        (NAMED, False, "without TLS"),
        ("", True, "needs tokens"),
        (TLS, False, "tokens"),
    ],
    ids=["nothing", "tokens alone", "proxy without tokens", "TLS without tokens"],
)
def test_beyond_loopback_tokens_and_encryption_are_needed(
    tmp_path: Path, host: str, section: str, behind_proxy: bool, words: str
) -> None:
    certificate_in(tmp_path)
    with pytest.raises(RefusedError, match=words) as refused:
        exposed(tmp_path, f'host = "{host}"\n{section}', behind_proxy=behind_proxy)
    assert refused.value.exit_code == 2
    assert refused.value.hint


@pytest.mark.parametrize(
    ("section", "behind_proxy"), [(NAMED + TLS, False), (NAMED, True)], ids=["TLS", "behind a proxy"]
)
def test_with_both_any_address_will_do(tmp_path: Path, section: str, behind_proxy: bool) -> None:
    certificate_in(tmp_path)
    found = exposed(tmp_path, f'host = "0.0.0.0"\n{section}', behind_proxy=behind_proxy)
    assert found.tokens is not None
    assert (found.anybody_here, found.is_encrypted) == (False, True)


def test_behind_a_proxy_on_this_machine_nobody_is_taken_for_its_user(tmp_path: Path) -> None:
    """A proxy stands on this machine: what comes from here comes from anywhere."""
    assert not exposed(tmp_path, 'public_url = "https://hooks.example.com"\n').anybody_here
    with pytest.raises(RefusedError, match="needs tokens"):
        exposed(tmp_path, "", behind_proxy=True)


def test_tokens_that_are_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SecretMissingError):
        exposed(tmp_path, 'tokens = { env = "ANOTHER" }\n')


def _no_file(folder: Path) -> None:
    (folder / "server.pem").unlink()


def _no_certificate(folder: Path) -> None:
    (folder / "server.pem").write_text("certificate")


def _other_key(folder: Path) -> None:
    certificate = (folder / "server.pem").read_bytes()
    certificate_in(folder)
    (folder / "server.pem").write_bytes(certificate)


@pytest.mark.parametrize("spoil", [_no_file, _no_certificate, _other_key])
def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path, spoil: object) -> None:
    certificate_in(tmp_path)
    assert callable(spoil)
    spoil(tmp_path)
    with pytest.raises(ConfigurationError, match="certificate cannot be used"):
        exposed(tmp_path, NAMED + TLS)


def test_a_certificate_needs_its_key_beside_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="needs tls_key"):
        exposed(tmp_path, 'tls_certificate = "server.pem"\n')


def test_old_versions_of_tls_are_not_spoken(tmp_path: Path) -> None:
    certificate_in(tmp_path)
    found = exposed(tmp_path, NAMED + TLS)
    assert found.tls is not None
    assert found.tls.minimum_version >= ssl.TLSVersion.TLSv1_2
