"""Elements out of tables, as a description writes them and as `tree` reads them. Pure.

A member of a table is a child element, a list repeats it, `@name` is an attribute and `$` the text of an element that
has attributes. Names may have a declared prefix. lxml writes and escapes every value; none is pasted into markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from lxml import etree
from pydantic import JsonValue

from reconciler.ports.xml.tree import TEXT

XML_NAMESPACE: Final = "http://www.w3.org/XML/1998/namespace"


class XmlValueError(ValueError):
    """Something cannot be written as XML. The text names the place in the table, never the value."""


def qualified(name: str, namespaces: Mapping[str, str], *, attribute: bool = False) -> str:
    """A name as lxml takes it, `{namespace}local`.

    Args:
        name: `local` or `prefix:local`. Without a prefix an element is in the namespace of the prefix "", if there is
            one, and an attribute in none.

    Raises:
        XmlValueError: XML has no such name, or the prefix is not declared.
    """
    prefix, colon, local = name.rpartition(":")
    if colon and prefix != "xml" and prefix not in namespaces:
        raise XmlValueError(f"`{name}` has the prefix {prefix}, which is not declared")
    namespace = XML_NAMESPACE if prefix == "xml" else namespaces.get(prefix)
    if attribute and not colon:
        namespace = None
    try:
        return etree.QName(namespace, local).text
    except ValueError:
        raise XmlValueError(f"`{name}` is not a name that XML allows") from None


def document(table: Mapping[str, JsonValue], namespaces: Mapping[str, str]) -> bytes:
    """A document whose root element is the one member of `table`, in UTF-8 with a declaration.

    Raises:
        XmlValueError: the table has not exactly one member, or something in it cannot be written.
    """
    if len(table) != 1:
        raise XmlValueError("a document has one root element")
    name, value = next(iter(table.items()))
    root = etree.Element(qualified(name, namespaces), nsmap=declarations(namespaces))
    _fill(root, value, namespaces, (name,))
    return serialised(root)


def append(parent: etree._Element, table: Mapping[str, JsonValue], namespaces: Mapping[str, str]) -> None:
    """Add the members of `table` to an element. Raises XmlValueError as `document`."""
    _fill(parent, dict(table), namespaces, (etree.QName(parent).localname,))


def serialised(root: etree._Element) -> bytes:
    """The document of a root element, in UTF-8 with a declaration."""
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def declarations(namespaces: Mapping[str, str]) -> dict[str, str]:
    """Namespaces as lxml declares them on an element, for which the prefix "" is None; its stubs do not know that."""
    return cast("dict[str, str]", {prefix or None: namespace for prefix, namespace in namespaces.items()})


def name_problems(table: Mapping[str, JsonValue], namespaces: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names of a table that cannot be written: each, and why. Values are not looked at."""
    for name, value in table.items():
        try:
            if name != TEXT:
                qualified(name.removeprefix("@"), namespaces, attribute=name.startswith("@"))
        except XmlValueError as error:
            yield name, str(error)
        if name.startswith("@") and isinstance(value, dict | list):
            yield name, f"`{name}` is an attribute, and an attribute is a text"
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                yield from name_problems(entry, namespaces)


def _fill(element: etree._Element, value: JsonValue, namespaces: Mapping[str, str], place: tuple[str, ...]) -> None:
    if not isinstance(value, dict):
        _write(element, None, value, place)
        return
    for name, member in value.items():
        here = (*place, name)
        if name == TEXT:
            _write(element, None, member, here)
        elif name.startswith("@"):
            _write(element, qualified(name[1:], namespaces, attribute=True), member, here)
        else:
            for entry in member if isinstance(member, list) else [member]:
                if entry is not None:
                    _fill(etree.SubElement(element, qualified(name, namespaces)), entry, namespaces, here)


def _write(element: etree._Element, attribute: str | None, value: JsonValue, place: tuple[str, ...]) -> None:
    """Set an attribute, or the text when it is None, to a scalar. Nothing is nothing."""
    text = _text(value, place)
    if text is None:
        return
    try:
        if attribute is None:
            element.text = text
        else:
            element.set(attribute, text)
    except ValueError:
        # Its message does not hold the value, and could.
        unwritable = True
    else:
        unwritable = False
    if unwritable:
        raise XmlValueError(f"{_shown(place)} holds a character that XML forbids")


def _text(value: JsonValue, place: tuple[str, ...]) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case _:
            raise XmlValueError(f"{_shown(place)} is a table or a list, where a text should be")


def _shown(place: tuple[str, ...]) -> str:
    return "/".join(place)
