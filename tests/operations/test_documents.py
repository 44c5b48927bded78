"""Documents, alerts and units say what the program really has: commands, codes, metrics, files."""

from __future__ import annotations

import json
import re
import runpy
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from prometheus_client.parser import text_string_to_metric_families

from reconciler import __version__
from reconciler.app.schedule.job import TimeOfDay, nightly_job, serving_job
from reconciler.app.schedule.kubernetes import cron_job
from reconciler.app.schedule.systemd import serving_unit, systemd_units
from reconciler.cli import commands
from reconciler.project import load_project
from reconciler.service.metrics import ServiceMetrics
from reconciler.service.openapi import openapi_document
from reconciler.store.state.webhook_records import QueueLength

_ROOT = Path(__file__).parents[2]
_DOCS = _ROOT / "docs"
_FENCE = re.compile(r"^[ ]*```([a-z]*)\n(.*?)^[ ]*```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`(reconciler [a-z][^`]*)`")
_SYNOPSIS = re.compile(r"[|…\[]|\.\.\.")
"""What only a summary of several command lines has."""
_METRIC = re.compile(r"\breconciler_[a-z_]+")
_PAGES = sorted([*_DOCS.rglob("*.md"), _ROOT / "README.md"])


@cache
def _command() -> Any:
    app = typer.Typer()
    app.command(name="unused")(lambda: None)
    commands.register(app)
    from reconciler.cli.main import settings

    app.callback()(settings)
    return typer.main.get_command(app)


def _parsed(words: list[str]) -> None:
    """Read a command line as the program does, without carrying it out; raises for what it does not know."""
    command, context = _command(), None
    name = "reconciler"
    while True:
        context = command.make_context(name, words, parent=context)
        rest = [*getattr(context, "_protected_args", ()), *context.args]
        if not hasattr(command, "resolve_command") or (not rest and command.invoke_without_command):
            return
        assert rest, f"{name} alone does nothing"
        name, command, words = command.resolve_command(context, rest)


def _lines(page: Path) -> Iterator[str]:
    for language, block in _FENCE.findall(page.read_text(encoding="utf-8").replace("\\\n", " ")):
        for line in block.splitlines() if language in ("", "sh", "console") else ():
            words = line.strip().removeprefix("$ ").partition("  #")[0]
            if words.startswith("reconciler ") and not _SYNOPSIS.search(words):
                yield words


def _mentioned(page: Path) -> Iterator[list[str]]:
    """Words up to the first that is no command: `corrections plan`, with the options that stand behind."""
    for words in _INLINE.findall(page.read_text(encoding="utf-8")):
        if found := shlex.split(_SYNOPSIS.split(words)[0].rstrip("\\"))[1:]:
            yield found


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.relative_to(_ROOT).as_posix())
def test_every_command_line_of_a_page_is_one_that_the_program_takes(page: Path) -> None:
    for line in _lines(page):
        _parsed(shlex.split(line)[1:])
    for words in _mentioned(page):
        if words[0].startswith("-"):
            continue
        known = _command().commands.get(words[0])
        assert known is not None, words
        if hasattr(known, "commands") and len(words) > 1 and words[1].replace("-", "").isalpha() and words[1].islower():
            known = known.commands.get(words[1])
            assert known is not None, words
        options = {option for each in known.params for option in (*each.opts, *each.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= options | {"--json", "--debug"}, words


def test_a_command_line_that_the_program_does_not_take_is_noticed() -> None:
    for words in (
        ["doctor", "--bundel", "x"],
        ["corrections", "aprove"],
        ["taxes", "quote"],
        ["run", "--recheck", "1"],
    ):
        with pytest.raises(Exception, match=r"(?i)no such|missing|does not exist"):
            _parsed(words)


def test_the_runbook_is_up_to_date_and_has_every_code() -> None:
    generate = runpy.run_path(str(_DOCS / "runbook" / "generate.py"))
    text = (_DOCS / "runbook.md").read_text(encoding="utf-8")
    assert text == generate["page"](), "run: python docs/runbook/generate.py"
    codes = generate["all_codes"]()
    assert len(codes) > 90
    assert {code for code in codes if f"| `{code}` | " not in text} == set()
    sections = text.split("\n## ")[1:]
    assert all(section.count(f"- **{part}**: ") == 1 for section in sections for part in ("Check", "Do", "Who"))


def _metric_names() -> set[str]:
    """The names of samples that the service can give, as Prometheus sees them."""
    metrics = ServiceMetrics()
    text = metrics.exposition(QueueLength(0, 0, None)).decode()
    names: set[str] = set()
    for family in text_string_to_metric_families(text):
        kinds = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
        names |= {family.name + suffix for suffix in kinds[family.type]}
    return names


@pytest.mark.parametrize("name", ["prometheus-rules.yml", "grafana-dashboard.json"])
def test_alerts_and_dashboard_name_metrics_that_exist(name: str) -> None:
    text = (_ROOT / "deploy" / name).read_text(encoding="utf-8")
    document = yaml.safe_load(text) if name.endswith(".yml") else json.loads(text)
    expressions = list(_expressions(document))
    named = {found for expression in expressions for found in _METRIC.findall(expression)}
    assert len(named) >= 8
    assert named - _metric_names() == set()


def test_every_metric_is_on_the_dashboard() -> None:
    dashboard = json.loads((_ROOT / "deploy" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    named = {found for expression in _expressions(dashboard) for found in _METRIC.findall(expression)}
    families = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in _metric_names()}
    assert families - {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in named} == set()


def _expressions(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "expr":
                yield value
            else:
                yield from _expressions(value)
    elif isinstance(document, list):
        for each in document:
            yield from _expressions(each)


def test_every_alert_says_what_it_is_and_what_to_do() -> None:
    rules = yaml.safe_load((_ROOT / "deploy" / "prometheus-rules.yml").read_text(encoding="utf-8"))
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert all(rule["annotations"]["summary"] and rule["annotations"]["description"] for rule in alerts)
    assert {rule["labels"]["severity"] for rule in alerts} == {"warning", "critical"}


def test_the_container_file_copies_what_the_package_is_built_from() -> None:
    text = (_ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    copied = {word for line in re.findall(r"^COPY (?!--)(.*) \S+$", text, re.MULTILINE) for word in line.split()}
    assert all((_ROOT / name).exists() for name in copied)
    assert {"reconciler", "tui", "fixtures", "pyproject.toml", "README.md", "constraints.txt"} <= copied
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    sent = re.findall(r"^!(.*)$", (_ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(sent) == copied


def test_the_manifests_run_as_nobody_special() -> None:
    documents = list(yaml.safe_load_all((_ROOT / "deploy" / "kubernetes.yml").read_text(encoding="utf-8")))
    (deployment,) = [each for each in documents if each["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")} == {
        "/healthz",
        "/readyz",
    }
    _parsed(container["args"])


def _manifest(kind: str) -> Any:
    documents = yaml.safe_load_all((_ROOT / "deploy" / "kubernetes.yml").read_text(encoding="utf-8"))
    (found,) = [each for each in documents if each["kind"] == kind]
    return found


def test_ports_paths_and_names_of_the_manifests_are_those_of_the_product_and_of_the_image(tmp_path: Path) -> None:
    image = (_ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    (tmp_path / "reconciler.toml").write_text(
        '[project]\nname = "acme"\n[crm]\nvendor = "ploomes"\n[erp]\nvendor = "sandbox_erp"\n'
    )
    pod = _manifest("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    service = load_project(tmp_path / "reconciler.toml", environment).file.service
    assert service.host == "0.0.0.0"  # noqa: S104  # behind the network policy, reached by the ingress alone
    assert [each["containerPort"] for each in container["ports"]] == [service.port]
    assert re.findall(r"^EXPOSE (.*)$", image, re.MULTILINE) == [str(service.port)]
    (port,) = [each["name"] for each in container["ports"]]
    assert [each["targetPort"] for each in _manifest("Service")["spec"]["ports"]] == [port]
    assert [each["port"] for each in _manifest("NetworkPolicy")["spec"]["ingress"][0]["ports"]] == [port]
    probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
    assert {each["port"] for each in probes} == {port}
    assert {each["path"] for each in probes} <= set(openapi_document()["paths"])
    assert container["image"] == f"reconciler:{__version__}"
    assert {each["mountPath"] for each in container["volumeMounts"]} == {"/project", "/tmp"}  # noqa: S108
    assert "VOLUME /project\n" in image
    assert str(pod["securityContext"]["runAsUser"]) in re.findall(r"--uid (\d+)", image)
    labels = _manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert _manifest("Service")["spec"]["selector"] == labels
    assert _manifest("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    assert re.findall(r"^ENTRYPOINT (.*)$", image, re.MULTILINE) == [
        '["reconciler", "--project", "/project/reconciler.toml"]'
    ]


def test_the_nightly_jobs_share_the_claim_and_the_secret_of_the_service(tmp_path: Path) -> None:
    path = tmp_path / "reconciler.toml"
    path.write_text(
        '[project]\nname = "acme"\n[crm]\nvendor = "ploomes"\ncredentials = { user_key = { env = "K" } }\n'
        '[erp]\nvendor = "sandbox_erp"\n'
    )
    job = yaml.safe_load(cron_job(nightly_job(load_project(path, {}), path, TimeOfDay(2, 30)), "reconciler", 10001))
    nightly = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    serving = _manifest("Deployment")["spec"]["template"]["spec"]
    claim = {"claimName": _manifest("PersistentVolumeClaim")["metadata"]["name"]}
    for pod in (nightly, serving):
        assert [each["persistentVolumeClaim"] for each in pod["volumes"] if "persistentVolumeClaim" in each] == [claim]
    (secret,) = {
        each["valueFrom"]["secretKeyRef"]["name"] for each in nightly["containers"][0]["env"] if "valueFrom" in each
    }
    assert serving["containers"][0]["envFrom"] == [{"secretRef": {"name": secret}}]


def test_the_unit_of_the_service_starts_again_after_a_crash_and_not_after_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_text(
        '[project]\nname = "acme"\n[crm]\nvendor = "ploomes"\n[erp]\nvendor = "sandbox_erp"\n'
        '[service]\ntokens = { env = "RECONCILER_TOKENS" }\n'
    )
    path = tmp_path / "reconciler.toml"
    ((name, text),) = serving_unit(serving_job(load_project(path, {}), path), "reconciler").items()
    assert name == "reconciler-acme-http.service"
    assert f"--project {path} serve\n" in text
    assert "Restart=on-failure\n" in text
    assert "RestartPreventExitStatus=2\n" in text
    assert f"EnvironmentFile={tmp_path}/reconciler.env\n" in text
    assert "RECONCILER_TOKENS" in text
    nightly = systemd_units(nightly_job(load_project(path, {}), path, TimeOfDay(2, 30)), "reconciler")
    hardening = nightly["reconciler-acme.service"].partition("UMask=")[2]
    assert hardening in text
