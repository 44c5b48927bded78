"""Secrets in the project file: where they are, and reading them from there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import ConfigurationError, SecretMissingError
from reconciler.phrases.phrase import phrase
from reconciler.project_types import StrictSection
from reconciler.toml_file import KeyPath, TomlFile, shown_key


class SecretSource(StrictSection):
    """Where a secret is. Exactly one of the three is given."""

    env: str | None = None
    file: str | None = None
    keyring: str | None = None


def secret_from(source: SecretSource, key: KeyPath, project: TomlFile, environment: Mapping[str, str]) -> str:
    """The secret, read now.

    Args:
        key: where the source is in the project file.

    Raises:
        SecretMissingError: it is not where the source says.
        TomlError: the source names no place, or several.
    """
    match source:
        case SecretSource(env=str(variable), file=None, keyring=None):
            value = environment.get(variable)
            place = f"the environment variable {variable}"
        case SecretSource(env=None, file=str(name), keyring=None):
            value = _from_file(project.path.parent / name)
            place = f"the file {name}"
        case SecretSource(env=None, file=None, keyring=str(entry)):
            value = _from_keyring(entry)
            place = f"the keyring entry {entry}"
        case _:
            raise project.error(key, "give exactly one of env, file and keyring (“service/name”).")
    if not value:
        raise SecretMissingError(
            phrase("{key}: {place} is not there or empty.", key=shown_key(key), place=place),
            hint=phrase("Set it and run the command again."),
        )
    return value


def _from_file(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _from_keyring(entry: str) -> str | None:
    try:
        import keyring
    except ImportError as error:
        raise ConfigurationError(
            phrase("reading secrets from the keyring needs the extra package keyring."),
            hint=phrase("Install it with: pip install 'reconciler[keyring]'."),
        ) from error
    service, _, name = entry.rpartition("/")
    secret: str | None = keyring.get_password(service, name)
    return secret
