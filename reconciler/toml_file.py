"""Strict TOML: every mistake is told with file, line, key and the nearest valid key.

Used for `reconciler.toml` and for vendor descriptions alike. Reading costs one `tomllib` pass; lines are looked for
only when there is a mistake to report.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import orjson

from reconciler.errors import ConfigurationError, TomlError
from reconciler.phrases.phrase import joined, phrase

if TYPE_CHECKING:
    from pydantic import BaseModel

    Model = TypeVar("Model", bound=BaseModel)

MAX_SIZE_BYTES: Final = 1024 * 1024
"""A larger file is refused unread: a configuration is written by people."""

_LARGEST_INTEGER: Final = 2**63 - 1
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_POSITION: Final = re.compile(
    r"^(?P<problem>.*?) \(at (?:line (?P<line>\d+), column \d+|end of document)\)$", re.DOTALL
)

KeyPath = tuple[str | int, ...]
"""Where a value is in a TOML document: table keys, and positions (from 0) in arrays."""


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A decoded TOML file.

    Attributes:
        path: where it is.
        shown_as: how messages name it.
        text: as read, without a byte order mark.
        data: the decoded tables.
    """

    path: Path
    shown_as: str
    text: str
    data: dict[str, Any]

    def replaced(self, data: dict[str, Any]) -> TomlFile:
        """The same file with other data, such as values taken from the environment. Lines stay those of the text."""
        return replace(self, data=data)

    def error(self, key: KeyPath, problem: str, *, hint: str = "") -> TomlError:
        """An error that names the place of `key`, or of the innermost table that is there when the key is not."""
        from reconciler.toml_lines import Lines

        return TomlError(self.shown_as, Lines(self.text).of(key), shown_key(key), problem, hint=hint)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a TOML file.

    Attributes:
        path: the offending value. When it is missing, the path it should have.
        text: what is wrong, without file, line and key. Never holds a value that could be a secret.
        hint: what to do, one sentence, or "".
    """

    path: KeyPath
    text: str
    hint: str = ""


def read_toml(path: Path, shown_as: str | None = None) -> TomlFile:
    """Decode the file at `path`. Messages name it `shown_as`, or the path as given.

    Raises:
        ConfigurationError: it cannot be read, or is larger than `MAX_SIZE_BYTES`.
        TomlError: it is not UTF-8 or not TOML.
    """
    name = shown_as or str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_SIZE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            phrase("{name}: cannot be read: {reason}.", name=name, reason=error.strerror or "unknown reason")
        ) from error
    return parse_toml(content, path, name)


def parse_toml(content: bytes, path: Path, shown_as: str) -> TomlFile:
    """Decode TOML that was read elsewhere, such as from inside a wheel. Raises as `read_toml` does."""
    if len(content) > MAX_SIZE_BYTES:
        raise ConfigurationError(
            phrase(
                "{shown_as}: larger than {max_size_bytes} bytes, which no configuration needs.",
                shown_as=shown_as,
                max_size_bytes=MAX_SIZE_BYTES,
            )
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TomlError(shown_as, line, "", phrase("not UTF-8 text"), hint=phrase("Save the file as UTF-8.")) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(shown_as, text, str(error)) from None
    except RecursionError:
        raise TomlError(shown_as, 0, "", phrase("tables or arrays nested too deeply")) from None
    return TomlFile(path, shown_as, text, data)


def _syntax_error(shown_as: str, text: str, message: str) -> TomlError:
    found = _POSITION.match(message)
    if found is None:
        return TomlError(shown_as, 0, "", phrase("not valid TOML: {message}", message=message))
    line = int(found["line"]) if found["line"] else text.rstrip("\n").count("\n") + 1
    return TomlError(shown_as, line, "", phrase("not valid TOML: {found}", found=found["problem"]))


def validate(model: type[Model], file: TomlFile) -> Model:
    """The whole file as `model`, strictly: no unknown key, and no number taken for a text or the reverse.

    Values are read as JSON would be (an enum from its text, a `Decimal` from text, a path from text). TOML dates and
    times are refused: they are written as text.

    Raises:
        TomlError: as `raise_problems`.
    """
    raise_problems(file, list(_not_json(file.data, ())))
    from pydantic import ValidationError

    try:
        return model.model_validate_json(orjson.dumps(file.data), strict=True)
    except ValidationError as error:
        from reconciler.toml_problems import problems_of

        problems = problems_of(model, file.data, error)
    # Outside the handler, so that the offending values (perhaps secrets) do not travel in the exception's context.
    raise_problems(file, problems)
    raise AssertionError("a validation error has at least one problem")


def _not_json(value: Any, path: KeyPath) -> Iterator[Problem]:
    """TOML values that JSON cannot hold."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _not_json(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _not_json(item, (*path, position))
    elif isinstance(value, (datetime, date, time)):
        yield Problem(path, phrase("must be text, not a TOML date or time"), phrase("Put it in quotes."))
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(path, phrase("must be a finite number"))
    elif isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        yield Problem(path, phrase("is too large a number"))


def raise_problems(file: TomlFile, problems: Sequence[Problem]) -> None:
    """Return if there are none; else raise the first by line.

    Raises:
        TomlError: the first problem. Its message tells how many more there are and its `detail` lists them, one a line.
    """
    if problems:
        _raise_first(file, problems)


def _raise_first(file: TomlFile, problems: Sequence[Problem]) -> NoReturn:
    from reconciler.toml_lines import Lines

    lines = Lines(file.text)
    errors = [
        TomlError(file.shown_as, lines.of(problem.path), shown_key(problem.path), problem.text, hint=problem.hint)
        for problem in problems
    ]
    errors.sort(key=lambda error: error.line)
    first, others = errors[0], errors[1:]
    if others:
        count = phrase("one more problem") if len(others) == 1 else phrase("{others} more problems", others=len(others))
        more = phrase("({count} in this file)", count=count)
        first.hint = joined(" ", [first.hint, more]) if first.hint else more
        first.detail = "\n".join(str(error) for error in others)
    raise first


def shown_key(path: KeyPath) -> str:
    """A key as people write it: `http.rates[0].calls`, with quotes where TOML needs them."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            key = part if _BARE_KEY.fullmatch(part) else orjson.dumps(part).decode()
            shown += f".{key}" if shown else key
    return shown


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like `word`, ignoring case, or None when none is alike."""
    from difflib import get_close_matches

    by_lower_case = {choice.lower(): choice for choice in choices}
    found = get_close_matches(word.lower(), by_lower_case, n=1, cutoff=0.5)
    return by_lower_case[found[0]] if found else None


def suggestion(word: str, choices: Iterable[str]) -> str:
    """A hint for a wrong word: the nearest valid one, or all of them when none is alike; "" when there is no choice."""
    valid = list(choices)
    found = nearest(word, valid)
    if found is not None:
        return phrase("Did you mean `{found}`?", found=found)
    return phrase("Valid here: {valid}.", valid=", ".join(valid)) if valid else ""
