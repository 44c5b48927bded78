"""`reconciler.toml`: what a company connects, compares and decides (CONTRACT.md). Strict: a mistake names its line."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    JsonValue,
    SecretStr,
    TypeAdapter,
    ValidationError,
)

from reconciler.connectors.description import FieldEntry, LineTax
from reconciler.errors import ConfigurationError, TomlError
from reconciler.logs import keep_out_of_logs
from reconciler.model.entities import FieldType, Side
from reconciler.model.taxes import TaxKindName
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.settings import Rate
from reconciler.project_compare import CompareSection, compare_problems
from reconciler.project_corrections import CorrectionsSection
from reconciler.project_notify import NotifySection
from reconciler.project_people import ApprovalsSection, PersonSection, approval_problems, people_problems
from reconciler.project_pilot import PilotSection, pilot_problems
from reconciler.project_scenarios import ScenariosSection
from reconciler.project_secrets import SecretSource, secret_from
from reconciler.project_service import ServiceSection
from reconciler.project_tui import TuiSection
from reconciler.project_types import ExactDecimal
from reconciler.project_types import StrictSection as _Strict
from reconciler.toml_file import TomlFile, raise_problems, read_toml, validate

_OTHER_CLOCKS: Final = ("posix", "right/")
"""Folders of the same names once more, with and without leap seconds."""


def _known_time_zone(name: str) -> str:
    # Looking it up in the list of all of them would open six hundred files at every start.
    try:
        is_known = not name.startswith(_OTHER_CLOCKS) and ZoneInfo(name).key == name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        is_known = False
    if not is_known:
        raise ValueError(f'"{name}" is not a time zone; an example is "America/Sao_Paulo"')
    return name


TimeZoneName = Annotated[str, AfterValidator(_known_time_zone)]


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
    more or less; an empty list of rates is no limit. `base_url` is an HTTP address, or that of a folder where the
    system exchanges files (`ports.files.address.FolderAddress`). `test` marks a system that holds no live data: stage
    "homologation" writes to no other.
    """

    vendor: str
    base_url: Annotated[str, Field(min_length=1)] | None = None
    credentials: dict[str, SecretStr | SecretSource] = Field(default={})
    context: dict[str, JsonValue] = Field(default={})
    concurrency: Annotated[int, Field(gt=0, le=64)] | None = None
    rates: list[Rate] | None = None
    test: bool = False


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
    """The lines of an order or quote. `taxes` says where a line of a quote carries each kind of tax in the CRM."""

    key: Annotated[list[str], Field(min_length=1)] | None = None
    fields: dict[str, FieldScope] = Field(default={})
    taxes: dict[TaxKindName, LineTax] = Field(default={})


class OnlyHereScope(_Strict):
    """What is proposed for a record that only one side has. Nothing is ever deleted.

    Attributes:
        new: of one that the other side never had: `create` it there, `deactivate` it here, or `leave` it.
        gone: of one whose link names a record that the other side has no more.
    """

    new: Literal["create", "deactivate", "leave"] = "create"
    gone: Literal["create", "deactivate", "leave"] = "leave"


class EntityScope(_Strict):
    """One entity to reconcile. Fields that are not named are compared when both sides have them."""

    key: Annotated[list[str], Field(min_length=1)] | None = None
    link: LinkScope = LinkScope()
    only_in_crm: OnlyHereScope = OnlyHereScope()
    only_in_erp: OnlyHereScope = OnlyHereScope()
    fields: dict[str, FieldScope] = Field(default={})
    lines: LinesScope = LinesScope()
    taxes: bool = False


class FailOn(_Strict):
    """Exit code 1 from this many new findings on."""

    findings: Annotated[int, Field(ge=1)] = 1


class RunSection(_Strict):
    """How a run behaves.

    Attributes:
        recheck: records read again before their findings are reported.
        sweep_every_h: hours between two full sweeps of the keys, which is when deletions are seen.
        keep_runs: how many snapshots of each side and entity are kept, the newest ones.
        keep_reports_days: reports of runs that began longer ago are deleted.
        second_process_from: one side is read by a process of its own where so many records of each side are to be
            read in full, neither system limits its calls, and there are two processors.

    Neither `keep_` option deletes what shows a finding that is not closed.
    """

    fail_on: FailOn = FailOn()
    recheck: Annotated[int, Field(ge=0, le=100_000)] = 200
    sweep_every_h: Annotated[float, Field(ge=0)] = 24.0
    keep_runs: Annotated[int, Field(ge=1)] = 30
    keep_reports_days: Annotated[int, Field(ge=1, le=36_500)] = 365
    second_process_from: Annotated[int, Field(ge=1)] = 50_000


class TaxesSection(_Strict):
    """Real-time tax look-up, and the nightly comparison with what open quotes carry.

    Attributes:
        call: name of one of the other tax calls that the ERP's description has; None: its first one.
        concurrency: questions that one process has with the ERP at once; `concurrency` of the ERP bounds its calls.
        queue: questions that wait for that; what comes beyond is refused at once.
        open_statuses: canonical statuses of a quote that is open; one without a status is.
        drift_concurrency: questions to the ERP at once when all open quotes are compared.
        drift_deadline_s: for each of them, waiting for the limits on calls included: nobody waits for the answer.
    """

    call: str | None = None
    deadline_s: Annotated[float, Field(gt=0)] = 2.0
    cache_ttl_s: Annotated[float, Field(ge=0)] = 900
    concurrency: Annotated[int, Field(gt=0, le=64)] = 8
    queue: Annotated[int, Field(ge=0, le=10_000)] = 64
    open_statuses: Annotated[list[str], Field(min_length=1)] = Field(default=["open"])
    drift_concurrency: Annotated[int, Field(gt=0, le=64)] = 4
    drift_deadline_s: Annotated[float, Field(gt=0)] = 30.0


class ProjectFile(_Strict):
    """The whole file."""

    project: ProjectSection
    crm: SystemSection
    erp: SystemSection
    scope: dict[str, EntityScope] = Field(default={})
    people: dict[str, PersonSection] | None = None
    approvals: ApprovalsSection = ApprovalsSection()
    corrections: CorrectionsSection = CorrectionsSection()
    run: RunSection = RunSection()
    compare: CompareSection = CompareSection()
    notify: NotifySection = NotifySection()
    taxes: TaxesSection = TaxesSection()
    service: ServiceSection = ServiceSection()
    tui: TuiSection = TuiSection()
    pilot: PilotSection | None = None
    scenarios: ScenariosSection = ScenariosSection()


class Project:
    """A validated project file and the folder it lives in."""

    def __init__(
        self, file: ProjectFile, source: TomlFile, environment: Mapping[str, str], written: Mapping[str, Any]
    ) -> None:
        self.file = file
        self._source = source
        self._environment = environment
        self._written = written

    @property
    def folder(self) -> Path:
        """Relative paths start here."""
        return self._source.path.parent

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of everything the file says, options from the environment put in."""
        return hashlib.sha256(orjson.dumps(self._source.data, option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def data(self) -> Path:
        """Folder of snapshots and reports."""
        return self.folder / self.file.project.data

    @property
    def time_zone(self) -> ZoneInfo:
        """Zone of instants written without an offset."""
        return ZoneInfo(self.file.project.timezone)

    def written(self, section: str, option: str) -> object:
        """A plain option as the file itself has it, whatever the environment of this process says, or None.

        What a single run is told by its environment must not widen what the project lets be written.
        """
        found = self._written.get(section)
        return found.get(option) if isinstance(found, Mapping) else None

    def system(self, side: Side) -> SystemSection:
        """The section of one side."""
        return self.file.crm if side is Side.CRM else self.file.erp

    def reached_at(self, side: Side, base_url: str) -> Project:
        """The same project with one of its systems at another address, for as long as this object lasts."""
        system = self.system(side).model_copy(update={"base_url": base_url})
        file = self.file.model_copy(update={side.value: system})
        return Project(file, self._source, self._environment, self._written)

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
            found[name] = self.secret((side.value, "credentials", name), source)
        return found

    def secret(self, key: tuple[str, ...], source: SecretStr | SecretSource) -> str:
        """One secret, read now from where the file says; it is masked in the logs from here on.

        Args:
            key: where it is named in the file.

        Raises:
            SecretMissingError: an environment variable, file or keyring entry is not there.
            TomlError: a literal secret outside stage "sandbox".
        """
        if isinstance(source, SecretSource):
            value = secret_from(source, key, self._source, self._environment)
        elif self.file.project.stage == "sandbox":
            value = source.get_secret_value()
        else:
            variable = f"{key[0]}_{key[-1]}".upper()
            raise self.fault(
                key,
                phrase("a secret may be written here only in stage “sandbox”."),
                hint=phrase('Use {key} = {{ env = "{variable}" }}, file or keyring.', key=key[-1], variable=variable),
            )
        keep_out_of_logs(value)
        return value


def load_project(path: Path, environment: Mapping[str, str] | None = None) -> Project:
    """Read and check a project file.

    `RECONCILER_<SECTION>_<KEY>` in the environment replaces a plain value of the sections project, crm, erp, run,
    taxes, service, compare and compare.spark, such as `RECONCILER_RUN_RECHECK=0` and `RECONCILER_COMPARE_SPARK_MASTER`.

    Raises:
        ConfigurationError: the file is not there, is not TOML, or holds a mistake (then a `TomlError`).
    """
    environment = os.environ if environment is None else environment
    if not path.is_file():
        raise ConfigurationError(
            phrase("there is no project file {path}.", path=path),
            hint=phrase("Write one with: reconciler init. Or name it with --project."),
        )
    source = read_toml(path)
    overridden = source.replaced(_from_environment(source.data, environment))
    file = validate(ProjectFile, overridden)
    own = _own(file)
    problems = [
        *people_problems(file.people or {}),
        *approval_problems(file.approvals, own),
        *pilot_problems(file.pilot, file.people, own),
        *compare_problems(file.compare),
    ]
    raise_problems(overridden, problems)
    return Project(file, overridden, environment, source.data)


def _own(file: ProjectFile) -> dict[str, dict[str, FieldType]]:
    """The fields that the project adds, by entity."""
    own: dict[str, dict[str, FieldType]] = {}
    for name, scope in file.scope.items():
        for entity, fields in ((name, scope.fields), (f"{name}.lines", scope.lines.fields)):
            own[entity] = {field: each.type for field, each in fields.items() if each.type is not None}
    return own


_SECTIONS = (("project",), ("crm",), ("erp",), ("run",), ("taxes",), ("service",), ("compare",), ("compare", "spark"))
_PREFIX = "RECONCILER_"


def _from_environment(data: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The data with values from the environment put in, each read as the type its option has."""
    merged = dict(data)
    for section in _SECTIONS:
        for option, annotation in _plain_options(section).items():
            variable = _PREFIX + "_".join((*section, option)).upper()
            text = environment.get(variable)
            if text is None:
                continue
            try:
                value = TypeAdapter(annotation).validate_strings(text, strict=False)
            except ValidationError as error:
                raise ConfigurationError(
                    phrase("{variable}: {errors}.", variable=variable, errors=error.errors()[0]["msg"]),
                    hint=phrase("Correct or unset the environment variable."),
                ) from None
            _put(merged, section, option, value)
    return merged


def _put(merged: dict[str, Any], section: tuple[str, ...], option: str, value: object) -> None:
    """Put a value into a table. One that is no table stays what it is: its own mistake is told."""
    table = merged
    for name in section:
        inner = table.get(name, {})
        if not isinstance(inner, Mapping):
            return
        table[name] = dict(inner)
        table = table[name]
    table[option] = value


def _plain_options(section: tuple[str, ...]) -> dict[str, Any]:
    model: Any = ProjectFile
    for name in section:
        model = model.model_fields[name].annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"section {section} is not a table")
    structured = {"credentials", "context", "rates", "fail_on", "rules", "tokens", "spark", "settings"}
    return {name: field.rebuild_annotation() for name, field in model.model_fields.items() if name not in structured}
