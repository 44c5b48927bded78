"""Finds, reads and checks vendor descriptions: those shipped with the package, and files of a project's own."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from reconciler.connectors.checks.entities import entity_problems
from reconciler.connectors.checks.files import file_problems, port_problems
from reconciler.connectors.checks.http import http_problems
from reconciler.connectors.checks.webhooks import webhook_problems
from reconciler.connectors.description import Description
from reconciler.connectors.tax.checks import tax_problems
from reconciler.connectors.write.checks import write_problems
from reconciler.connectors.wsdl_file import with_wsdl_in, wsdl_problems
from reconciler.errors import ConfigurationError
from reconciler.phrases.phrase import phrase
from reconciler.toml_file import TomlFile, parse_toml, raise_problems, read_toml, suggestion, validate

_SUFFIX = ".toml"
_KEPT = 16


def shipped_vendors() -> list[str]:
    """Names of the descriptions that come with the package, in alphabetical order."""
    return sorted(
        entry.name.removesuffix(_SUFFIX) for entry in _shipped_folder().iterdir() if entry.name.endswith(_SUFFIX)
    )


def load_description(name_or_path: str, base: Path) -> Description:
    """A description that is complete and consistent in itself.

    Args:
        name_or_path: a shipped name such as `ploomes`, or a path such as `./my-crm.toml`; what ends in `.toml` or holds
            a path separator is a path. Both are read and checked in exactly the same way.
        base: folder that relative paths start from.

    Raises:
        TomlError: the file has a mistake; the first one by line is told.
        ConfigurationError: there is no such description.
    """
    file = read_description(name_or_path, base)
    description, folder = _checked(file.text, file.path, file.shown_as), file.path.parent
    if description.http is None:
        return description
    raise_problems(file, list(wsdl_problems(description.http, folder)))
    return description.model_copy(update={"http": with_wsdl_in(folder, description.http)})


@lru_cache(maxsize=_KEPT)
def _checked(text: str, path: Path, shown_as: str) -> Description:
    """Descriptions do not change, and to check one takes longer than to compare small snapshots."""
    file = parse_toml(text.encode(), path, shown_as)
    description = validate(Description, file)
    # With the port in doubt, the rest would only repeat the same mistake.
    raise_problems(file, list(port_problems(description)))
    problems = [
        *http_problems(description),
        *file_problems(description),
        *entity_problems(description),
        *webhook_problems(description),
        *tax_problems(description),
        *write_problems(description),
    ]
    raise_problems(file, problems)
    return description


def read_description(name_or_path: str, base: Path) -> TomlFile:
    """The file of a description, decoded but not checked. Arguments as for `load_description`.

    Raises:
        ConfigurationError: there is no such description, or the file is not TOML.
    """
    if name_or_path.endswith(_SUFFIX) or "/" in name_or_path or "\\" in name_or_path:
        return read_toml(base / Path(name_or_path).expanduser(), name_or_path)
    shipped = shipped_vendors()
    if name_or_path not in shipped:
        raise ConfigurationError(
            phrase(
                "there is no vendor description “{name_or_path}”. Shipped: {shipped}.",
                name_or_path=name_or_path,
                shipped=", ".join(shipped),
            ),
            hint=_other_than(name_or_path, shipped),
        )
    return _shipped(name_or_path)


@lru_cache(maxsize=_KEPT)
def _shipped(name: str) -> TomlFile:
    """What comes with the package does not change while it runs."""
    entry = _shipped_folder() / f"{name}{_SUFFIX}"
    return parse_toml(entry.read_bytes(), Path(str(entry)), f"vendors/{entry.name}")


def _other_than(name: str, shipped: list[str]) -> str:
    own = f"A file of your own is written as a path: ./{name}{_SUFFIX}."
    near = suggestion(name, shipped)
    return f"{near} {own}" if near.startswith("Did") else own


def _shipped_folder() -> Traversable:
    return files("reconciler.connectors") / "vendors"
