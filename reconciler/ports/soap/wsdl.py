"""A system's WSDL, read by zeep (optional extra `soap`): it writes requests and checks answers. No bytes move here.

zeep is used for what it knows of WSDL and XSD only. Its own transports, clients and sessions are never made: documents
are read from the folder of the WSDL, and what is sent and received goes through our HTTP port like everything else.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, Self, cast

from lxml import etree
from pydantic import JsonValue

from reconciler.errors import ConfigurationError
from reconciler.phrases.phrase import phrase
from reconciler.ports.soap.settings import Version, Wsdl
from reconciler.ports.xml.tree import TEXT
from reconciler.ports.xml.writing import XmlValueError, append, declarations, serialised

_LARGEST_DOCUMENT_BYTES: Final = 16 * 1024 * 1024
_LONGEST_WORDS_CHARACTERS: Final = 240
_WHAT_ZEEP_MAKES_OF_A_WRONG_FILE: Final = (AttributeError, LookupError, NotImplementedError, TypeError, ValueError)
_INSTALL: Final = phrase("Install it with: pip install 'reconciler[soap]'.")


class _Operation(Protocol):
    """What is used of an operation of zeep."""

    soapaction: str | None

    def create(self, **arguments: Any) -> Any:
        """The message; its `content` is the envelope."""
        ...

    def process_reply(self, envelope: etree._Element) -> object:
        """The values in an answer."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """An envelope to send, and the SOAPAction that the WSDL names."""

    content: bytes
    action: str


class Contract:
    """The operations of one port of a WSDL."""

    def __init__(self, version: Version, operations: Mapping[str, _Operation]) -> None:
        self.version = version
        self._operations = operations

    @classmethod
    def load(cls, wsdl: Wsdl) -> Self:
        """Read a WSDL and all it imports. Takes as long as these are large: seconds for the largest.

        Raises:
            ConfigurationError: the extra is not installed; a document is missing, elsewhere, or not what it should be.
        """
        try:
            from zeep import Settings
            from zeep.exceptions import Error
            from zeep.wsdl import Document
            from zeep.wsdl.bindings.soap import Soap12Binding, SoapBinding
        except ImportError as error:
            raise ConfigurationError(phrase("reading a WSDL needs the extra package zeep."), hint=_INSTALL) from error
        _keep_quiet()
        path = Path(wsdl.file)
        settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True)
        folder: Any = _Folder(path.resolve().parent)
        try:
            document = Document(str(path.resolve()), folder, settings=settings)
            binding = _binding(document, wsdl)
        except (Error, etree.LxmlError, OSError, *_WHAT_ZEEP_MAKES_OF_A_WRONG_FILE) as error:
            # The text of a zeep error may be the whole document.
            problem = f"{path.name} cannot be used as a WSDL ({type(error).__name__})"
        else:
            if isinstance(binding, SoapBinding):
                operations: dict[str, _Operation] = cast("Any", binding).all()
                return cls("1.2" if isinstance(binding, Soap12Binding) else "1.1", operations)
            problem = f"{path.name} has no SOAP service, or not the one that the description names"
        raise ConfigurationError(
            phrase("{problem}.", problem=problem),
            hint=phrase("All it imports must be files in its folder, without a document type declaration."),
        )

    def message(
        self,
        body: Mapping[str, JsonValue],
        header: Mapping[str, JsonValue],
        namespaces: Mapping[str, str],
    ) -> Message:
        """The envelope of a call.

        Args:
            body: the operation, as the WSDL names it, with its arguments; elements and attributes by local name.
            header: elements of the Header, whether the WSDL knows them or not.

        Raises:
            ConfigurationError: the WSDL has no such operation, or does not allow these arguments.
            XmlValueError: a value cannot be written as XML.
        """
        from zeep.exceptions import Error

        name, arguments = next(iter(body.items()))
        operation = self._operation(name)
        try:
            made = operation.create(**_arguments(arguments), _soapheaders=_elements(header, namespaces))
        except (Error, TypeError) as error:
            # These name elements and types, never values.
            problem = f"{name}: the WSDL does not allow what the description sends: {_short(str(error))}"
        except ValueError:
            raise XmlValueError(f"{name} holds a character that XML forbids") from None
        else:
            return Message(serialised(made.content), operation.soapaction or "")
        raise ConfigurationError(phrase("{problem}.", problem=problem))

    def problem(self, operation: str, content: bytes, encoding: str | None) -> str | None:
        """Why an answer is not what the WSDL says; None when it is.

        Args:
            content: an envelope without a fault, that was parsed safely already.
            encoding: as `parsing.parse_tree` takes it.
        """
        from zeep.exceptions import Error

        parser = etree.XMLParser(encoding=encoding, resolve_entities=False, no_network=True, remove_comments=True)
        try:
            self._operation(operation).process_reply(etree.fromstring(content, parser))
        except Error as error:
            return _short(str(error))
        except (ArithmeticError, ValueError, TypeError, LookupError):
            return "a value does not fit its type"
        return None

    def _operation(self, name: str) -> _Operation:
        found = self._operations.get(name.rpartition(":")[2])
        if found is None:
            known = ", ".join(sorted(self._operations)[:20])
            raise ConfigurationError(
                phrase("the WSDL has no operation {name}.", name=name), hint=phrase("It has {known}.", known=known)
            )
        return found


class _Folder:
    """What zeep takes for a transport. It can only read files of one folder and below."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, url: str) -> bytes:
        path = Path(url).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            raise LookupError("a document that is not a file in the folder of the WSDL")
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_DOCUMENT_BYTES + 1)
        if len(content) > _LARGEST_DOCUMENT_BYTES:
            raise ValueError("a document that is too large")
        return content


def _binding(document: Any, wsdl: Wsdl) -> object:
    """The binding of the service and port that are named, or of the first ones."""
    service = _chosen(document.services, wsdl.service)
    binding: object = _chosen(service.ports, wsdl.port).binding
    return binding


def _chosen(entries: Mapping[str, Any], name: str | None) -> Any:
    if name is None:
        name = next(iter(entries), "")
    return entries[name]


def _arguments(value: JsonValue) -> dict[str, Any]:
    """A table as zeep takes it: local names, attributes like elements, the text of an element as `_value_1`."""
    if not isinstance(value, dict):
        return {}
    return {_argument_name(name): _argument(member) for name, member in value.items()}


def _argument(value: JsonValue) -> Any:
    if isinstance(value, dict):
        return _arguments(value)
    if isinstance(value, list):
        return [_argument(entry) for entry in value]
    return value


def _argument_name(name: str) -> str:
    return "_value_1" if name == TEXT else name.removeprefix("@").rpartition(":")[2]


def _elements(header: Mapping[str, JsonValue], namespaces: Mapping[str, str]) -> Sequence[etree._Element] | None:
    if not header:
        return None
    holder = etree.Element("Header", nsmap=declarations(namespaces))
    append(holder, header, namespaces)
    return list(holder)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_WORDS_CHARACTERS else f"{line[:_LONGEST_WORDS_CHARACTERS]}…"


def _keep_quiet() -> None:
    """zeep logs values that do not fit their type, and these are data of customers."""
    log = logging.getLogger("zeep")
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())
