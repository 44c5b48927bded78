"""Who can reach the service, decided before it listens: nobody beyond this machine without tokens and encryption."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final

from reconciler.errors import ConfigurationError, RefusedError
from reconciler.loopback import is_loopback
from reconciler.project import Project
from reconciler.service.tokens import TokenTable, read_tokens

_MAKE_TOKENS: Final = "Make a token with: reconciler tokens new NAME, and name where it is as tokens under [service]."


@dataclass(frozen=True, slots=True)
class Exposure:
    """How the service may be reached.

    Attributes:
        tokens: None where none are configured.
        anybody_here: whoever is on this machine may call without one.
        tls: None for plain HTTP.
        behind_proxy: a proxy ends TLS before us. Nothing that it writes into requests is believed.
    """

    host: str
    tokens: TokenTable | None
    anybody_here: bool
    tls: ssl.SSLContext | None
    behind_proxy: bool = False

    @property
    def is_encrypted(self) -> bool:
        """Whether callers reach us over TLS."""
        return self.tls is not None or self.behind_proxy


def exposure_of(project: Project, *, behind_proxy: bool = False) -> Exposure:
    """What the project says, checked.

    Args:
        behind_proxy: a proxy with TLS stands before the service, and nobody reaches it past the proxy.

    Raises:
        RefusedError: others could call it without a token, or read what is said.
        ConfigurationError: the tokens or the certificate cannot be used.
    """
    section = project.file.service
    tokens = tokens_of(project)
    tls = _tls(project)
    if tokens is None and behind_proxy:
        raise RefusedError("behind a proxy anybody could call the service: it needs tokens.", hint=_MAKE_TOKENS)
    if not is_loopback(section.host):
        if tokens is None:
            raise RefusedError(
                f"others reach {section.host}: the service listens there only with tokens.", hint=_MAKE_TOKENS
            )
        if tls is None and not behind_proxy:
            raise RefusedError(
                f"others reach {section.host}: without TLS they could read the tokens on their way.",
                hint="Give tls_certificate and tls_key under [service], or --behind-proxy where a proxy ends TLS.",
            )
    # Who has a public address has a proxy on this machine: what comes from there is not from this machine's people.
    anybody_here = tokens is None and section.public_url is None
    return Exposure(section.host, tokens, anybody_here, tls, behind_proxy)


def tokens_of(project: Project) -> TokenTable | None:
    """The tokens that the project names, or None where it names none.

    Raises:
        ConfigurationError: they cannot be used.
    """
    section = project.file.service
    return None if section.tokens is None else read_tokens(project.secret(("service", "tokens"), section.tokens))


def _tls(project: Project) -> ssl.SSLContext | None:
    certificate, key = project.file.service.tls_certificate, project.file.service.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        given, missing = ("tls_key", "tls_certificate") if certificate is None else ("tls_certificate", "tls_key")
        raise project.fault(("service", given), f"needs {missing} beside it.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # A key with a passphrase would make OpenSSL ask at the terminal: it is refused instead.
        context.load_cert_chain(project.folder / certificate, project.folder / key, password=_no_passphrase)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
        raise project.fault(
            ("service", "tls_certificate"),
            f"the certificate cannot be used: {reason or 'not a certificate in PEM with its key, unencrypted'}.",
        ) from error
    return context


def _no_passphrase() -> str:
    raise ConfigurationError("the key of the certificate has a passphrase.", hint="Store it without one, mode 600.")
