"""Tokens of the service: who holds one may do what its roles say. Only hashes of them are kept.

One token is written `name:role[+role]:secret`; several are separated by line ends, `;` or `,`. The secret is the token
itself, or `sha256$` and the hexadecimal SHA-256 of it, which is what to keep at rest. A line that begins with `#` is a
comment. A name may have several tokens of the same roles, while one takes the place of another.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reconciler.errors import ConfigurationError
from reconciler.logs import keep_out_of_logs

HASHED: Final = "sha256$"
LONGEST_TOKEN_CHARACTERS: Final = 256
_SHORTEST_TOKEN_CHARACTERS: Final = 16
_MOST_TOKENS: Final = 1000
_RANDOM_BYTES: Final = 32

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""What can stand behind `Bearer` (RFC 6750)."""
_HEX_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")
_SEPARATORS: Final = re.compile(r"[;,]")


class Role(StrEnum):
    """What a caller may do. ADMIN may do everything."""

    SALES = "sales"
    """Taxes."""
    REVIEWER = "reviewer"
    """Findings, corrections, runs and taxes. Deciding about a correction takes a person as well."""
    ADMIN = "admin"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        name: of the token; not secret.
    """

    name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    mark: str


class TokenTable:
    """The tokens that are accepted.

    A token is found by a hash under a key that only this process has. So how long it takes to find one, or not, tells
    nothing about those that exist: whoever asks cannot choose what is compared.
    """

    def __init__(self, entries: list[tuple[Caller, bytes]]) -> None:
        self._key = secrets.token_bytes(_RANDOM_BYTES)
        self._known = {self._place(digest): _Known(caller, _mark(digest)) for caller, digest in entries}
        self._seen: dict[bytes, _Known] = {}
        self._by_mark = {known.mark: known.caller for known in self._known.values()}

    def __len__(self) -> int:
        return len(self._known)

    def caller(self, token: str) -> Caller | None:
        """Whose token that is."""
        known = self._find(token)
        return None if known is None else known.caller

    def mark(self, token: str) -> str | None:
        """A name for the token that does not lead back to it; None when it is not accepted."""
        known = self._find(token)
        return None if known is None else known.mark

    def marked(self, mark: str) -> Caller | None:
        """Whose token has that mark, while it is accepted."""
        return self._by_mark.get(mark)

    def marks_of(self, name: str) -> list[str]:
        """The marks of the tokens of that name."""
        return [known.mark for known in self._known.values() if known.caller.name == name]

    def refuse(self, marks: Collection[str]) -> None:
        """Accept the tokens with these marks no more."""
        for mark in self._by_mark.keys() & marks:
            del self._by_mark[mark]
            self._known = {place: known for place, known in self._known.items() if known.mark != mark}
            self._seen = {place: known for place, known in self._seen.items() if known.mark != mark}

    def _find(self, token: str) -> _Known | None:
        if len(token) > LONGEST_TOKEN_CHARACTERS:
            return None
        text = token.encode("utf-8", "surrogateescape")
        # The hash that is kept at rest takes several times as long as this one, which is as good here.
        place = self._place(text)
        found = self._seen.get(place)
        if found is None:
            found = self._known.get(self._place(hashlib.sha256(text).digest()))
            if found is not None:
                self._seen[place] = found
        return found

    def _place(self, digest: bytes) -> bytes:
        return hashlib.blake2b(digest, key=self._key).digest()


def _mark(digest: bytes) -> str:
    return hashlib.sha256(b"mark of a token\0" + digest).hexdigest()


def read_tokens(text: str) -> TokenTable:
    """The tokens in the text that the project names. Plain ones are masked in the logs from here on.

    Raises:
        ConfigurationError: one is malformed. What is told names its place and never what stands there.
    """
    entries: list[tuple[Caller, bytes]] = []
    for place, line in enumerate(_entries(text), start=1):
        entries.append(_entry(line, place))
    if not entries:
        raise _wrong("no token is named")
    if len(entries) > _MOST_TOKENS:
        raise _wrong(f"there are more than {_MOST_TOKENS}")
    _refuse_contradictions(entries)
    return TokenTable(entries)


def _entries(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):
            yield from filter(None, (part.strip() for part in _SEPARATORS.split(line)))


def _entry(line: str, place: int) -> tuple[Caller, bytes]:
    name, _, rest = line.partition(":")
    roles, _, secret = rest.partition(":")
    if not _NAME.fullmatch(name):
        raise _wrong(f"number {place} has no name of up to 64 letters, digits, dots, hyphens and underscores")
    if not roles or not secret:
        raise _wrong(f"number {place} is not written as name:role:secret")
    return Caller(name, _roles(roles, place)), _digest(secret, place)


def _roles(text: str, place: int) -> frozenset[Role]:
    # A misplaced secret may stand here: the words are not repeated.
    words = text.split("+")
    if any(word not in list(Role) for word in words):
        raise _wrong(f"number {place} names a role that is none of {', '.join(Role)}")
    return frozenset(Role(word) for word in words)


def _digest(secret: str, place: int) -> bytes:
    if secret.startswith(HASHED):
        digest = secret.removeprefix(HASHED)
        if not _HEX_DIGEST.fullmatch(digest):
            raise _wrong(f"number {place} has no 64 hexadecimal digits behind {HASHED}")
        return bytes.fromhex(digest)
    keep_out_of_logs(secret)
    if not _SHORTEST_TOKEN_CHARACTERS <= len(secret) <= LONGEST_TOKEN_CHARACTERS or not _BEARER.fullmatch(secret):
        size = f"{_SHORTEST_TOKEN_CHARACTERS} to {LONGEST_TOKEN_CHARACTERS}"
        raise _wrong(f"the secret of number {place} is not {size} letters, digits and . _ ~ + / -")
    return hashlib.sha256(secret.encode()).digest()


def _refuse_contradictions(entries: list[tuple[Caller, bytes]]) -> None:
    roles: dict[str, frozenset[Role]] = {}
    digests: set[bytes] = set()
    for place, (caller, digest) in enumerate(entries, start=1):
        if digest in digests:
            raise _wrong(f"number {place} has the secret of another one")
        if roles.setdefault(caller.name, caller.roles) != caller.roles:
            raise _wrong(f"number {place} has the name of another one and other roles")
        digests.add(digest)


def _wrong(problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"the tokens of the service cannot be read: {problem}.", hint="Make one with: reconciler tokens new NAME."
    )


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made.

    Attributes:
        token: to be shown once and kept nowhere.
        line: what the service is given.
    """

    token: str
    line: str


def new_token(name: str, roles: frozenset[Role]) -> NewToken:
    """Make a token of 256 random bits.

    Raises:
        ConfigurationError: the name cannot be one, or there is no role.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError("a name has up to 64 letters, digits, dots, hyphens and underscores.")
    if not roles:
        raise ConfigurationError("a token needs a role.", hint=f"Roles are {', '.join(Role)}.")
    token = secrets.token_urlsafe(_RANDOM_BYTES)
    digest = hashlib.sha256(token.encode()).hexdigest()
    return NewToken(token, f"{name}:{'+'.join(sorted(roles))}:{HASHED}{digest}")


def plain_tokens(text: str) -> int:
    """How many of the tokens are kept readable, and not as their hashes.

    Raises:
        ConfigurationError: as `read_tokens`.
    """
    read_tokens(text)
    return sum(not line.split(":", 2)[2].startswith(HASHED) for line in _entries(text))
