"""What can be known to be wrong in a description before anything is sent. Each problem names its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.phrases.phrase import phrase
from reconciler.ports.http.json_path import is_path
from reconciler.ports.http.paging import page_names
from reconciler.ports.http.references import MOMENT_PARTS, pieces_of, whole_reference
from reconciler.ports.http.settings import Auth, HttpSettings, Listing, LoginAuth, OAuth2Auth, Outcome, Request
from reconciler.toml_file import KeyPath, Problem, suggestion

SINCE: Final = ("since", *(f"since.{part}" for part in MOMENT_PARTS))
"""Names of a listing of changed records."""

_OPEN_ROOTS: Final = ("session.", "context.", "record", "new")
_PAGE_MARK: Final = {"offset": "offset", "number": "number", "cursor": "cursor", "keyset": "after"}
"""The reference without which every page would be the first, for each kind of paging that has one."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names that requests of one system may refer to, beside `page.*`.

    Attributes:
        known: dotted, such as `credentials.user_key`. Members of `session.*` and `context.*` tables, and of `record`
            and `new`, need not be listed.
    """

    known: tuple[str, ...]

    @classmethod
    def of(cls, settings: HttpSettings, credentials: Collection[str], context: Collection[str]) -> Names:
        """Those of a description: its credentials, its context and what its login takes."""
        session = _session_names(settings.auth)
        return cls(
            (
                *(f"credentials.{name}" for name in credentials),
                *(f"context.{name}" for name in context),
                *(f"session.{name}" for name in session),
            )
        )

    def and_also(self, *names: str) -> Names:
        """These and more, such as `id`, `key` or `SINCE`."""
        return Names((*self.known, *names))

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        return name in self.known or any(
            name.startswith(f"{known}.") for known in self.known if known.startswith(_OPEN_ROOTS)
        )


def check_references(template: object, names: Names, path: KeyPath = ()) -> list[Problem]:
    """Problems of a text, list or table that may hold references: names that nothing gives a value to."""
    return [
        Problem(place, phrase("refers to {name}, which is not known here", name=name), suggestion(name, names.known))
        for place, name in _references(template, path)
        if name not in names
    ]


def check_path(path: KeyPath, text: str | None) -> Iterator[Problem]:
    """The problem of a text that is no path into an answer."""
    if text and not is_path(text):
        yield Problem(
            path, phrase("is not a path into the answer: names and positions with dots between, as in `result.0.name`")
        )


def check_request(request: Request, names: Names, path: KeyPath = ()) -> list[Problem]:
    """Problems of the references and outcome rules of one request. `path` is where the request is in its file."""
    problems = check_references(_templates(request), names, path)
    for position, rule in enumerate(request.outcomes):
        problems += _outcome_problems(rule, (*path, "outcomes", position))
    return problems


def names_of(request: Request) -> set[str]:
    """Every name that a request refers to."""
    return names_in(_templates(request))


def names_in(template: object) -> set[str]:
    """Every name that a text, list or table refers to."""
    return {name for _, name in _references(template, ())}


def check_listing(listing: Listing, names: Names, path: KeyPath = ()) -> list[Problem]:
    """Problems of a listing: its references, and a request that would give the first page for ever."""
    pages = tuple(f"page.{name}" for name in page_names(listing.paging))
    problems = check_request(listing.request, names.and_also(*pages), (*path, "request"))
    mark = _PAGE_MARK.get(listing.paging.kind)
    used = {name for _, name in _references(_templates(listing.request), ())}
    if mark is not None and f"page.{mark}" not in used:
        problems.append(
            Problem(
                (*path, "request"),
                phrase("never uses page.{mark}, so every page would be the first", mark=mark),
                phrase('Put "$page.{mark}" where the system expects it.', mark=mark),
            )
        )
    return problems


def check_http(settings: HttpSettings, names: Names, path: KeyPath = ()) -> list[Problem]:
    """Problems of the HTTP table itself: headers, authentication, outcome rules. Paths begin with `path`."""
    problems = check_references(settings.headers, names, (*path, "headers"))
    problems += check_references(settings.soap.header, names, (*path, "soap", "header"))
    problems += _auth_problems(settings.auth, names, (*path, "auth"))
    for position, rule in enumerate(settings.outcomes):
        problems += _outcome_problems(rule, (*path, "outcomes", position))
    return problems


def _templates(request: Request) -> dict[str, object]:
    soap = None if request.soap is None else request.soap.model_dump()
    plain: dict[str, object] = {"path": request.path, "query": request.query, "headers": request.headers}
    return {**plain, "body": request.body, "soap": soap}


def _references(template: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Where each reference is, and its name."""
    match template:
        case dict():
            for name, entry in template.items():
                yield from _references(entry, (*path, name))
        case list():
            for position, entry in enumerate(template):
                yield from _references(entry, (*path, position))
        case str():
            whole = whole_reference(template)
            if whole is not None:
                yield path, whole
                return
            for piece in pieces_of(template):
                if piece.name is not None:
                    yield path, piece.name
        case _:
            return


def _session_names(auth: Auth) -> list[str]:
    if not isinstance(auth, LoginAuth):
        return []
    return [name for step in auth.steps for name in (*step.take, *step.base64)]


def _auth_problems(auth: Auth, names: Names, path: KeyPath) -> list[Problem]:
    match auth:
        case LoginAuth():
            return _login_problems(auth, names, path)
        case OAuth2Auth():
            problems = []
            for field in ("client_id", "client_secret", "refresh_token"):
                problems += check_references(getattr(auth, field), names, (*path, field))
            for table in ("extra", "headers"):
                problems += check_references(getattr(auth, table), names, (*path, table))
            if auth.grant == "refresh_token" and auth.refresh_token is None:
                hint = phrase('Add refresh_token = "$credentials.refresh_token".')
                problems.append(Problem(path, phrase("needs refresh_token, the first one"), hint))
            return problems
        case _:
            templates = auth.model_dump(exclude={"kind", "name"})
            return check_references(templates, names, path)


def _login_problems(auth: LoginAuth, names: Names, path: KeyPath) -> list[Problem]:
    outside = Names(tuple(name for name in names.known if not name.startswith("session.")))
    problems: list[Problem] = []
    so_far = outside
    for position, step in enumerate(auth.steps):
        place: KeyPath = (*path, "steps", position)
        problems += check_request(step.request, so_far, (*place, "request"))
        so_far = so_far.and_also(*(f"session.{name}" for name in step.take))
        for name, template in step.base64.items():
            problems += check_references(template, so_far, (*place, "base64", name))
            so_far = so_far.and_also(f"session.{name}")
    problems += check_references(auth.headers, so_far, (*path, "headers"))
    if auth.close is not None:
        problems += check_request(auth.close, so_far, (*path, "close"))
    return problems


def _outcome_problems(rule: Outcome, path: KeyPath) -> Iterator[Problem]:
    if rule.wait_pattern is not None:
        place: KeyPath = (*path, "wait_pattern")
        try:
            groups = re.compile(rule.wait_pattern).groups
        except re.error as error:
            yield Problem(place, phrase("is not a regular expression: {error}", error=error))
        else:
            if groups != 1:
                yield Problem(
                    place,
                    phrase("has {groups} groups; it needs exactly one, for the seconds", groups=groups),
                    phrase("Example: (\\d+) segundos"),
                )
    if rule.at is None and (rule.equals or rule.missing):
        yield Problem(path, phrase("has equals or missing, and no at to say where to look"))
