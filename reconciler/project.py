"""`reconciler.toml`: what a company connects, compares and decides (CONTRACT.md). Strict: a mistake names its line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    SecretStr,
    TypeAdapter,
    ValidationError,
)

from reconciler.connectors.description import FieldEntry
from reconciler.errors import ConfigurationError, SecretMissingError, TomlError
from reconciler.logs import keep_out_of_logs
from reconciler.model.entities import FieldType, Side
from reconciler.ports.http.settings import Rate
from reconciler.toml_file import TomlFile, read_toml, validate


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _exact_decimal(value: object) -> Decimal:
    if isinstance(value, float):
        raise ValueError('write the amount as text, such as "0.01": TOML numbers with a point are not exact')
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f'"{value}" is not an amount; an example is "0.01"') from None


def _known_time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f'"{name}" is not a time zone; an example is "America/Sao_Paulo"')
    return name


ExactDecimal = Annotated[Decimal, BeforeValidator(_exact_decimal), Field(ge=0, allow_inf_nan=False)]
TimeZoneName = Annotated[str, AfterValidator(_known_time_zone)]


class SecretSource(_Strict):
    """Where a secret is. Exactly one of the three is given."""

    env: str | None = None
    file: str | None = None
    keyring: str | None = Field(default=None, description='"service/name" in the operating system keyring')


class ProjectSection(_Strict):
    """Who we are and where things are kept. Relative paths start at the folder of the project file."""

    name: str
    locale: Literal["pt-BR", "en"] = "pt-BR"
    timezone: TimeZoneName = "America/Sao_Paulo"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "BRL"
    stage: Literal["sandbox", "homologation", "pilot", "live"] = "sandbox"
    state: str = "sqlite:///state.db"
    data: str = "data/"


class SystemSection(_Strict):
    """One of the two systems. `rates` and `concurrency` replace what the description says, where a contract allows
    more or less; an empty list of rates is no limit.
    """

    vendor: str
    base_url: Annotated[str, Field(pattern="^https?://")] | None = None
    credentials: dict[str, SecretStr | SecretSource] = {}
    context: dict[str, JsonValue] = {}
    concurrency: Annotated[int, Field(gt=0, le=64)] | None = None
    rates: list[Rate] | None = None


class FieldScope(_Strict):
    """One field of an entity. `crm` and `erp` replace the place named by the vendor description."""

    owner: Literal["crm", "erp"] | None = None
    tolerance: ExactDecimal | None = None
    compare: Literal["exact", "folded", "no"] = "exact"
    crm: FieldEntry | None = None
    erp: FieldEntry | None = None
    type: FieldType | None = None


class LinkScope(_Strict):
    """Where a side keeps the id of the other side's record."""

    crm: str | None = None
    erp: str | None = None


class LinesScope(_Strict):
    """The lines of an order or quote."""

    key: Annotated[list[str], Field(min_length=1)] | None = None
    fields: dict[str, FieldScope] = {}


class EntityScope(_Strict):
    """One entity to reconcile. Fields that are not named are compared when both sides have them."""

    key: Annotated[list[str], Field(min_length=1)] | None = None
    link: LinkScope = LinkScope()
    fields: dict[str, FieldScope] = {}
    lines: LinesScope = LinesScope()
    taxes: bool = False


class ApprovalRule(_Strict):
    """How many approvals a correction of this entity and field needs."""

    entity: str
    field: str | None = None
    required: Annotated[int, Field(ge=1, le=5)]


class ApprovalsSection(_Strict):
    """Four-eyes rules."""

    required: Annotated[int, Field(ge=1, le=5)] = 1
    rules: list[ApprovalRule] = []


class FailOn(_Strict):
    """Exit code 1 from this many new findings on."""

    findings: Annotated[int, Field(ge=1)] = 1


class RunSection(_Strict):
    """How a run behaves.

    Attributes:
        recheck: records read again before their findings are reported.
        sweep_every_h: hours between two full sweeps of the keys, which is when deletions are seen.
        keep_runs: how many snapshots of each side and entity are kept, the newest ones.
    """

    fail_on: FailOn = FailOn()
    recheck: Annotated[int, Field(ge=0, le=100_000)] = 200
    sweep_every_h: Annotated[float, Field(ge=0)] = 24.0
    keep_runs: Annotated[int, Field(ge=1)] = 30


class TaxesSection(_Strict):
    """Real-time tax look-up."""

    deadline_s: Annotated[float, Field(gt=0)] = 2.0
    cache_ttl_s: Annotated[float, Field(ge=0)] = 900


class ServiceSection(_Strict):
    """HTTP service."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8750
    tokens: SecretSource | None = None


class ProjectFile(_Strict):
    """The whole file."""

    project: ProjectSection
    crm: SystemSection
    erp: SystemSection
    scope: dict[str, EntityScope] = {}
    approvals: ApprovalsSection = ApprovalsSection()
    run: RunSection = RunSection()
    taxes: TaxesSection = TaxesSection()
    service: ServiceSection = ServiceSection()


class Project:
    """A validated project file and the folder it lives in."""

    def __init__(self, file: ProjectFile, source: TomlFile, environment: Mapping[str, str]) -> None:
        self.file = file
        self._source = source
        self._environment = environment

    @property
    def folder(self) -> Path:
        """Relative paths start here."""
        return self._source.path.parent

    @property
    def data(self) -> Path:
        """Folder of snapshots and reports."""
        return self.folder / self.file.project.data

    @property
    def time_zone(self) -> ZoneInfo:
        """Zone of instants written without an offset."""
        return ZoneInfo(self.file.project.timezone)

    def system(self, side: Side) -> SystemSection:
        """The section of one side."""
        return self.file.crm if side is Side.CRM else self.file.erp

    def fault(self, key: tuple[str | int, ...], problem: str, *, hint: str = "") -> TomlError:
        """An error that names the place of `key` in the project file."""
        return self._source.error(key, problem, hint=hint)

    def credentials(self, side: Side) -> dict[str, str]:
        """The secrets of one side, read now from where the file says; each is masked in the logs from here on.

        Raises:
            SecretMissingError: an environment variable, file or keyring entry is not there.
            TomlError: a literal secret outside stage "sandbox".
        """
        found: dict[str, str] = {}
        for name, source in self.system(side).credentials.items():
            key = (side.value, "credentials", name)
            if isinstance(source, SecretStr):
                if self.file.project.stage != "sandbox":
                    raise self.fault(
                        key,
                        "a secret may be written here only in stage “sandbox”.",
                        hint=f'Use {name} = {{ env = "{side.value.upper()}_{name.upper()}" }}, file or keyring.',
                    )
                found[name] = source.get_secret_value()
            else:
                found[name] = self._secret(key, source)
            keep_out_of_logs(found[name])
        return found

    def _secret(self, key: tuple[str, ...], source: SecretSource) -> str:
        match source:
            case SecretSource(env=str(variable), file=None, keyring=None):
                value = self._environment.get(variable)
                place = f"the environment variable {variable}"
            case SecretSource(env=None, file=str(name), keyring=None):
                value = self._secret_file(name)
                place = f"the file {name}"
            case SecretSource(env=None, file=None, keyring=str(entry)):
                value = _keyring_secret(entry)
                place = f"the keyring entry {entry}"
            case _:
                raise self.fault(key, "give exactly one of env, file and keyring.")
        if not value:
            raise SecretMissingError(
                f"{'.'.join(key)}: {place} is not there or empty.", hint="Set it and run the command again."
            )
        return value

    def _secret_file(self, name: str) -> str | None:
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None


def _keyring_secret(entry: str) -> str | None:
    try:
        import keyring
    except ImportError as error:
        raise ConfigurationError(
            "reading secrets from the keyring needs the extra package keyring.",
            hint="Install it with: pip install 'reconciler[keyring]'.",
        ) from error
    service, _, name = entry.rpartition("/")
    secret: str | None = keyring.get_password(service, name)
    return secret


def load_project(path: Path, environment: Mapping[str, str] | None = None) -> Project:
    """Read and check a project file.

    `RECONCILER_<SECTION>_<KEY>` in the environment replaces a plain value of the sections project, crm, erp, run, taxes
    and service, such as `RECONCILER_RUN_RECHECK=0`.

    Raises:
        ConfigurationError: the file is not there, is not TOML, or holds a mistake (then a `TomlError`).
    """
    environment = os.environ if environment is None else environment
    if not path.is_file():
        raise ConfigurationError(
            f"there is no project file {path}.", hint="Write one with: reconciler init. Or name it with --project."
        )
    source = read_toml(path)
    overridden = source.replaced(_from_environment(source.data, environment))
    return Project(validate(ProjectFile, overridden), overridden, environment)


_SECTIONS = ("project", "crm", "erp", "run", "taxes", "service")
_PREFIX = "RECONCILER_"


def _from_environment(data: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The data with values from the environment put in, each read as the type its option has."""
    merged = dict(data)
    for section in _SECTIONS:
        for option, annotation in _plain_options(section).items():
            variable = f"{_PREFIX}{section.upper()}_{option.upper()}"
            text = environment.get(variable)
            if text is None or not isinstance(merged.get(section, {}), Mapping):
                continue
            try:
                value = TypeAdapter(annotation).validate_strings(text, strict=False)
            except ValidationError as error:
                raise ConfigurationError(
                    f"{variable}: {error.errors()[0]['msg']}.", hint="Correct or unset the environment variable."
                ) from None
            merged[section] = {**merged.get(section, {}), option: value}
    return merged


def _plain_options(section: str) -> dict[str, Any]:
    model = ProjectFile.model_fields[section].annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"section {section} is not a table")
    structured = {"credentials", "context", "rates", "fail_on", "rules", "tokens"}
    return {name: field.rebuild_annotation() for name, field in model.model_fields.items() if name not in structured}
