"""What of an exchange may be kept as evidence: its shape, and of its values those that tell nothing of anybody. Pure.

A value is kept when it is one of the test records' own, a plain number, a date or a short code, and nothing known as a
secret is in it. Everything else is replaced by `HIDDEN`, whatever it is: what is not known to be harmless is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import JsonValue

from reconciler.pilot.names import KnownNames

HIDDEN: Final = "•••"
_SHOWN_ELEMENTS: Final = 3
_MOST_OWN_ELEMENTS: Final = 10
_DEEPEST: Final = 12
_MOST_MEMBERS: Final = 80
_MOST_HEADERS: Final = 60
_SHORTEST_MARK_CHARACTERS: Final = 8
_LARGEST_NUMBER: Final = 10**7

_PLAIN: Final = re.compile(
    r"-?[0-9]{1,7}(?:[.,][0-9]{1,10})?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]{5,15}(?:Z|[+-][0-9:]{4,6})?)?"
    r"|[0-9]{2}/[0-9]{2}/[0-9]{4}(?: [0-9:]{5,8})?"
    r"|[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
    r"|[A-Z]{1,3}|true|false|null|"
)
_NAME: Final = re.compile(r"[@$#A-Za-z_][A-Za-z0-9_.$@:-]{0,39}")
_TELLTALE: Final = re.compile(
    r"pass|senh|secret|segred|token|key|chave|auth|sess|login|user|usuari|cred|cookie|sign|assinat|pin\b|code_verifier",
    re.IGNORECASE,
)
"""Names under which nothing is shown, however harmless it looks: a short password looks like a code."""
_OPAQUE: Final = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9_-]{16,}")
_MAIL_OR_NUMBER: Final = re.compile(
    r"[^\s@“”\"'<>(),;]+@[^\s@“”\"'<>(),;]+|(?<![\w:/])[0-9](?:[./-]?[0-9]){7,}(?![\w:/])"
)
_EXPRESSIONS: Final = frozenset({"$filter", "$expand", "$orderby", "$select"})
"""Parameters of OData, in which texts to compare with stand in quotes and everything else is a name or a number."""
_WORD: Final = re.compile(r"'(?:[^']|'')*'?|[^\s(),;=/$']+")
_MEMBER: Final = re.compile(r"[A-Za-z_]{1,40}")
_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "allow",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "date",
        "etag",
        "if-match",
        "range",
        "retry-after",
        "transfer-encoding",
    }
)
"""Headers whose values say nothing about anybody."""
_HEADER_VALUE: Final = re.compile(r"[ -~]{0,120}")
_REFERENCE: Final = re.compile(r"\\\{[^{}]*\\\}")


class Redactor:
    """Redacts what goes to and comes from the systems.

    Args:
        is_secret: whether a text holds a known secret.
        secrets: those of the two systems. A short one cannot be told from any word it is in, and is hidden where it
            stands alone.
    """

    def __init__(self, is_secret: Callable[[str], bool], secrets: Collection[str] = ()) -> None:
        self._own: set[str] = set()
        self._marks: set[str] = set()
        self._holds_secret = is_secret
        self._secrets = frozenset(secrets)
        self._whole: set[str] = set()
        self._names: dict[str, str] = {}
        self._people = KnownNames()

    def show(self, own: Collection[str], marks: Collection[str] = ()) -> None:
        """Show values of test records from now on, however they are written (`999.000…` for `999000…`).

        Args:
            marks: those that no other record has.
        """
        self._marks |= {form for form in map(_bare, marks) if form}
        self._whole |= {each for each in marks if each} | {each for each in own if not each.isalpha()}
        self._own |= {form for form in map(_bare, own) if form} | self._marks

    def is_own(self, text: str) -> bool:
        """Whether a text is a value of a test record."""
        return len(text) <= 200 and _bare(text) in self._own and not self.is_secret(text)

    def is_secret(self, text: str) -> bool:
        """Whether a text is a secret, or holds one that is known by now."""
        return text in self._secrets or self._holds_secret(text)

    def text(self, text: str) -> str:
        """A value, or `HIDDEN`."""
        harmless = _PLAIN.fullmatch(text) is not None or self.is_own(text)
        return text if harmless and not self.is_secret(text) else HIDDEN

    def learn(self, record: JsonValue) -> None:
        """Learn the names in records that pass by, so that they are known where a system repeats them."""
        self._people.learn(record)

    def sentence(self, sentence: str) -> str:
        """A sentence of ours, which may hold words of a system: without names, mail addresses and long numbers of
        others."""
        plain = _MAIL_OR_NUMBER.sub(lambda found: found[0] if self.is_own(found[0]) else HIDDEN, sentence)
        return self._people.hidden(plain, HIDDEN, self._is_of_own, self._whole)

    def _is_of_own(self, name: str) -> bool:
        bare = _bare(name)
        return bare in self._own or (" " in name and any(bare in each for each in self._own))

    def name(self, name: str) -> str:
        """The name of a member, a parameter or a header, or `HIDDEN`."""
        known = self._names.get(name)
        if known is None:
            hidden = not _NAME.fullmatch(name) or _OPAQUE.search(name) or self.is_secret(name)
            # A plain text, whatever kind of text the name of a header is.
            known = self._names[str(name)] = HIDDEN if hidden else str(name)
        return known

    def url(self, url: str, path: str) -> str:
        """An address without user, fragment, and without values in path and query that are not shown.

        Args:
            path: of the request as the description writes it, its references in braces.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        origin = f"{parts.scheme}://{host if ':' not in host else f'[{host}]'}"
        origin += f":{parts.port}" if parts.port is not None else ""
        query = [
            f"{self.name(name)}={self._parameter(name, value)}"
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
        address = origin + self._path(unquote(parts.path), path)
        shown = f"{address}?{'&'.join(query)}" if query else address
        return HIDDEN if self.is_secret(shown) else shown

    def _parameter(self, name: str, value: str) -> str:
        if _TELLTALE.search(name) or self.is_secret(value):
            return HIDDEN
        if name not in _EXPRESSIONS:
            return self.text(value)
        return _WORD.sub(lambda found: self._word(found[0]), value)

    def _word(self, word: str) -> str:
        """A word of an expression: names of members are shown, and what is compared with only like any other value."""
        if word.startswith("'"):
            return f"'{self.text(word.strip(chr(39)))}'"
        return word if _MEMBER.fullmatch(word) and not _OPAQUE.search(word) else self.text(word)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """All headers by name, with the values of those that say nothing about anybody."""
        shown: dict[str, str] = {}
        for name, value in list(headers.items())[:_MOST_HEADERS]:
            harmless = name.lower() in _HEADERS and _HEADER_VALUE.fullmatch(value) and not self.is_secret(value)
            shown[self.name(name)] = value if harmless else HIDDEN
        return shown

    def document(self, value: JsonValue, depth: int = 0) -> JsonValue:
        """A body. Of a long list the elements about test records are kept, and how many others there were."""
        if depth > _DEEPEST:
            return HIDDEN
        match value:
            case dict():
                return self._members(value, depth)
            case list():
                return self._elements(value, depth)
            case str():
                return self.text(value)
            case bool() | None:
                return value
            case _:
                small = abs(value) < _LARGEST_NUMBER and not self.is_secret(str(value))
                return value if small or self.is_own(str(value)) else HIDDEN

    def is_about_own(self, text: str) -> bool:
        """Whether a value that only a test record has is in a text, such as an address."""
        bare = _bare(text)
        return any(mark in bare for mark in self._marks if len(mark) >= _SHORTEST_MARK_CHARACTERS)

    def mentions_own(self, value: JsonValue, depth: int = 0) -> bool:
        """Whether a value that only a test record has is somewhere in it, as deep as anything is shown."""
        if depth > _DEEPEST:
            return False
        match value:
            case dict():
                return any(self.mentions_own(each, depth + 1) for each in value.values())
            case list():
                return any(self.mentions_own(each, depth + 1) for each in value)
            case str():
                return _bare(value) in self._marks
            case int() if not isinstance(value, bool):
                return str(value) in self._marks
            case _:
                return False

    def _members(self, value: Mapping[str, JsonValue], depth: int) -> JsonValue:
        shown: dict[str, JsonValue] = {}
        for name, each in list(value.items())[:_MOST_MEMBERS]:
            hidden = _TELLTALE.search(name) is not None and not isinstance(each, dict | list) and each not in (None, "")
            shown[self.name(name)] = HIDDEN if hidden else self.document(each, depth + 1)
        if len(value) > _MOST_MEMBERS:
            shown[HIDDEN] = f"{len(value) - _MOST_MEMBERS} more members"
        return shown

    def _elements(self, value: list[JsonValue], depth: int) -> JsonValue:
        kept = value
        if len(value) > _SHOWN_ELEMENTS:
            kept = [each for each in value if self.mentions_own(each)][:_MOST_OWN_ELEMENTS]
        shown = [self.document(each, depth + 1) for each in kept]
        if len(kept) < len(value):
            shown.append(f"{len(value) - len(kept)} more elements, about nothing of this scenario")
        return shown

    def _path(self, path: str, described: str) -> str:
        """The path, with those parts of it shown that the description itself says."""
        wanted = _REFERENCE.sub("(.*?)", re.escape(described)) if described else ""
        found = re.search(f"{wanted}$", path) if wanted else None
        if found is None:
            known = set(described.split("/"))
            return "".join(f"/{each if each in known else self.text(each)}" for each in path.split("/")[1:])
        shown, last = "", 0
        for place in range(1, len(found.groups()) + 1):
            begin, end = found.span(place)
            shown += path[max(last, found.start()) : begin] + self.text(path[begin:end])
            last = end
        shown += path[max(last, found.start()) :]
        base = [self.name(each) for each in path[: found.start()].split("/")[1:]]
        return "".join(f"/{each}" for each in base) + shown


def _bare(text: str) -> str:
    """Letters and digits only, in one case: a document or number is the same with its mask."""
    return "".join(character for character in text.casefold() if character.isalnum())
