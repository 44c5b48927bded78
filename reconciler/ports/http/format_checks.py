"""What can be known to be wrong with the format of bodies before anything is sent: XML names, envelopes, a WSDL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, JsonValue

from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import Names, check_references
from reconciler.ports.http.settings import BodyAuth, HttpSettings, LoginAuth, Request
from reconciler.ports.soap.envelope import NAMESPACES, PREFIX
from reconciler.ports.xml.writing import XmlValueError, name_problems, qualified
from reconciler.toml_file import KeyPath, Problem

_RESERVED: Mapping[str, str] = {
    "xml": phrase("belongs to XML itself and needs no declaration"),
    "xmlns": phrase("belongs to XML itself"),
    PREFIX: phrase("is the envelope's own"),
}


def format_problems(settings: HttpSettings, description: BaseModel, known: Names) -> Iterator[Problem]:
    """Mistakes of `http.format` and what goes with it.

    Args:
        description: every `Request` in it, wherever it is, must fit the format.
        known: names that requests may refer to.
    """
    place: KeyPath = ("http",)
    if settings.format != "json" and isinstance(settings.auth, BodyAuth):
        text = phrase("adds fields to JSON bodies, and the format is {format}", format=settings.format)
        yield Problem((*place, "auth"), text, phrase("Refer to the credentials in the bodies, or in soap.header."))
    yield from _namespace_problems(settings.xml.namespaces, (*place, "xml", "namespaces"))
    names = _names(settings)
    yield from _table_problems(settings.soap.header, names, (*place, "soap", "header"))
    yield from _action_problems(settings.soap.action_base, (*place, "soap", "action_base"))
    if settings.format != "soap" and "soap" in settings.model_fields_set:
        yield Problem(
            (*place, "soap"),
            phrase("is for SOAP, and the format is {format}", format=settings.format),
            phrase('Set format = "soap".'),
        )
    if isinstance(settings.auth, LoginAuth):
        yield from _login_header_problems(settings.soap.header, settings.auth, known, (*place, "auth", "steps"))
    for request_place, request in _requests(description, ()):
        yield from _request_problems(request, settings, names, request_place)


def _names(settings: HttpSettings) -> dict[str, str]:
    return {**settings.xml.namespaces, **({PREFIX: NAMESPACES["1.1"]} if settings.format == "soap" else {})}


def _namespace_problems(namespaces: Mapping[str, str], place: KeyPath) -> Iterator[Problem]:
    for prefix, namespace in namespaces.items():
        if prefix in _RESERVED:
            yield Problem(
                (*place, prefix),
                phrase("the prefix {prefix} {reserved}", prefix=prefix, reserved=_RESERVED[prefix]),
                phrase("Choose another prefix."),
            )
        elif not namespace.strip():
            yield Problem((*place, prefix), phrase("is empty; a namespace is a text such as urn:example:erp"))
        elif prefix:
            try:
                qualified(prefix, {})
            except XmlValueError:
                yield Problem((*place, prefix), phrase("is not a prefix that XML allows"))


def _table_problems(table: Mapping[str, JsonValue], names: Mapping[str, str], place: KeyPath) -> Iterator[Problem]:
    for name, text in name_problems(table, names):
        hint = phrase("Declare it under http.xml.namespaces.") if "prefix" in text else ""
        yield Problem((*place, name) if name in table else place, text, hint)


def _action_problems(action: str | None, place: KeyPath) -> Iterator[Problem]:
    if action is not None and ('"' in action or not action.isprintable()):
        yield Problem(
            place, phrase("holds a quotation mark or a control character, which end the header it is sent in")
        )


def _login_header_problems(
    header: Mapping[str, JsonValue], auth: LoginAuth, known: Names, place: KeyPath
) -> Iterator[Problem]:
    """The header that carries a session, on the call that opens it."""
    so_far = Names(tuple(name for name in known.known if not name.startswith("session.")))
    for position, step in enumerate(auth.steps):
        call = step.request.soap
        if call is not None and call.header is None and check_references(header, so_far):
            text = phrase("has the header of http.soap, which refers to a session that is not open yet")
            yield Problem((*place, position, "request", "soap"), text, phrase("Give it one of its own: header = {{}}."))
        so_far = so_far.and_also(*(f"session.{name}" for name in (*step.take, *step.base64)))


def _request_problems(
    request: Request, settings: HttpSettings, names: Mapping[str, str], place: KeyPath
) -> Iterator[Problem]:
    if settings.format != "soap":
        if request.soap is not None:
            yield Problem((*place, "soap"), phrase("is for SOAP, and the format is {format}", format=settings.format))
        elif settings.format == "xml" and request.body is not None:
            yield from _document_problems(request.body, names, (*place, "body"))
        return
    if request.soap is None:
        yield Problem(
            place,
            phrase("says nothing of an envelope, and the format is SOAP"),
            phrase("Add soap = {{ body = {{ … }} }}."),
        )
        return
    if request.body is not None:
        yield Problem(
            (*place, "body"), phrase("is not sent where the format is SOAP"), phrase("Put it into soap.body.")
        )
    if request.method != "POST":
        yield Problem((*place, "method"), phrase("a SOAP call is a POST"))
    call_place = (*place, "soap")
    if len(request.soap.body) != 1:
        yield Problem((*call_place, "body"), phrase("must have one member, the operation"))
    yield from _table_problems(request.soap.body, names, (*call_place, "body"))
    yield from _table_problems(request.soap.header or {}, names, (*call_place, "header"))
    yield from _action_problems(request.soap.action, (*call_place, "action"))


def _document_problems(body: JsonValue, names: Mapping[str, str], place: KeyPath) -> Iterator[Problem]:
    if not isinstance(body, dict) or len(body) != 1:
        yield Problem(place, phrase("must be a table with one member, the root element"))
        return
    if isinstance(next(iter(body.values())), list):
        yield Problem(place, phrase("has a list as root element; there can be only one"))
    yield from _table_problems(body, names, place)


def _requests(value: object, place: KeyPath) -> Iterator[tuple[KeyPath, Request]]:
    """Every request in a description, and where it is."""
    if isinstance(value, Request):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _requests(getattr(value, name), (*place, name))
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _requests(entry, (*place, name))
    elif isinstance(value, list | tuple):
        for position, entry in enumerate(value):
            yield from _requests(entry, (*place, position))
