"""The WSDL that a description names: a file of the folder the description is in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reconciler.phrases.phrase import phrase
from reconciler.ports.http.settings import HttpSettings
from reconciler.toml_file import Problem


def with_wsdl_in(folder: Path, http: HttpSettings) -> HttpSettings:
    """The settings with the path of their WSDL, if they name one, made absolute."""
    if http.soap.wsdl is None:
        return http
    wsdl = http.soap.wsdl.model_copy(update={"file": str(folder / http.soap.wsdl.file)})
    return http.model_copy(update={"soap": http.soap.model_copy(update={"wsdl": wsdl})})


def wsdl_problems(http: HttpSettings, folder: Path) -> Iterator[Problem]:
    """A WSDL that is not there. What is in it is known only once it is read, when the system is connected to."""
    if http.soap.wsdl is not None and not (folder / http.soap.wsdl.file).is_file():
        yield Problem(
            ("http", "soap", "wsdl", "file"), phrase("there is no such file in the folder of the description")
        )
