"""Commands as processes: exit codes, stdout as data, stderr as narration, files that are written."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook

from tests.processes import Command, Sandbox, run_command

pytestmark = pytest.mark.timeout(120)

_ROOT = Path(__file__).parents[2]
_COMMANDS = (
    *("init", "vendors", "check", "scope", "run", "runs", "findings", "corrections", "audit", "taxes"),
    *("serve", "tui", "tokens", "webhooks", "pilot", "schedule", "doctor", "backup", "restore", "privacy", "sandbox"),
)


@pytest.fixture(scope="module")
def reconciled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that was reconciled once."""
    with Sandbox(tmp_path_factory.mktemp("cli") / "box") as sandbox:
        done = run_command("--project", sandbox.project, "run")
        assert done.returncode == 1, done.stderr
        yield sandbox


def _json(sandbox: Sandbox, *arguments: str | Path) -> Any:
    done = run_command("--project", sandbox.project, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_help_names_every_command_and_none_that_does_not_exist() -> None:
    shown = run_command("--help").stdout
    listed = shown.partition("Commands:")[2]
    assert sorted(re.findall(r"^  (\w+)", listed, re.MULTILINE)) == sorted(_COMMANDS)


@pytest.mark.parametrize("command", _COMMANDS)
def test_every_command_has_help_and_is_in_the_readme(command: str) -> None:
    done = run_command(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 3
    assert f"reconciler {command}" in (_ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("recheck", 'recheck = "x"'), "run.recheck"),
        (("key", "[scope.costumers]"), "customers"),
        (("secret", ""), "SOME_VARIABLE"),
        (("vendor", 'vendor = "ploomess"'), "ploomes"),
        (("field", "legal_nam = { }"), "legal_name"),
    ],
    ids=["wrong type", "unknown entity", "missing secret", "unknown vendor", "unknown field"],
)
def test_a_configuration_mistake_is_told_in_words_with_exit_code_2(
    reconciled: Sandbox, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    text = reconciled.project.read_text()
    what, line = change
    match what:
        case "recheck":
            text += f"\n[run]\n{line}\n"
        case "key":
            text += f"\n{line}\n"
        case "secret":
            text = re.sub(r"user_key = \"[^\"]+\"", 'user_key = { env = "SOME_VARIABLE" }', text)
        case "vendor":
            text = text.replace('vendor = "ploomes"', line)
        case _:
            text = text.replace("[scope.customers.fields]", f"[scope.customers.fields]\n{line}")
    project = tmp_path / "reconciler.toml"
    project.write_text(text)
    done = run_command("--project", project, "run", "--json")
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_project_file_is_told(tmp_path: Path) -> None:
    done = run_command("run", cwd=tmp_path)
    assert done.returncode == 2
    assert "reconciler init" in done.stderr


def test_a_wrong_option_is_a_usage_error() -> None:
    assert run_command("run", "--fulll").returncode == 2


def test_the_table_and_the_json_of_findings_agree(reconciled: Sandbox) -> None:
    documents = _json(reconciled, "findings", "list", "--entity", "products")
    table = run_command("--project", reconciled.project, "findings", "list", "--entity", "products").stdout
    lines = table.splitlines()[2:]
    assert len(lines) == len(documents)
    for line, document in zip(lines, documents, strict=True):
        assert line.startswith(document["id"])
        assert document["cause"] in line


def test_findings_carry_what_the_systems_sent(reconciled: Sandbox) -> None:
    documents = _json(reconciled, "findings", "list", "--kind", "differs", "--entity", "customers")
    amounts = [each for each in documents if each["field"] == "credit_limit" and each["erp"]["raw"]]
    assert amounts
    assert all("," in each["erp"]["raw"] for each in amounts)
    assert all("," not in (each["erp"]["value"] or "") for each in amounts)


def test_a_finding_is_shown_and_explained_by_the_beginning_of_its_id(reconciled: Sandbox) -> None:
    finding = _json(reconciled, "findings", "list", "--cause", "accents")[0]
    assert _json(reconciled, "findings", "show", finding["id"][:8]) == finding
    explained = _json(reconciled, "findings", "explain", finding["id"][:8])
    for side in ("crm", "erp"):
        values = [step["value"] for step in explained["steps"][side]]
        assert finding[side]["raw"] in values
    shown = run_command("--project", reconciled.project, "findings", "explain", finding["id"])
    assert shown.returncode == 0
    assert finding["explanation"] in shown.stdout


def test_an_unknown_finding_is_refused(reconciled: Sandbox) -> None:
    done = run_command("--project", reconciled.project, "findings", "show", "ffffffffffffffff")
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("option", "word"), [("--kind", "differ"), ("--cause", "accent"), ("--status", "opened")], ids=lambda value: value
)
def test_a_wrong_filter_word_is_told(reconciled: Sandbox, option: str, word: str) -> None:
    done = run_command("--project", reconciled.project, "findings", "list", option, word)
    assert done.returncode == 2
    assert word in done.stderr


def test_accepting_needs_a_reason(reconciled: Sandbox) -> None:
    assert run_command("--project", reconciled.project, "findings", "accept", "--cause", "case").returncode == 2


def test_accepting_without_any_choice_is_refused(reconciled: Sandbox) -> None:
    done = run_command("--project", reconciled.project, "findings", "accept", "--reason", "all of it")
    assert done.returncode == 2


def test_an_accepted_finding_leaves_the_open_ones(reconciled: Sandbox) -> None:
    finding = _json(reconciled, "findings", "list", "--cause", "punctuation")[0]
    done = run_command(
        "--project",
        reconciled.project,
        "findings",
        "accept",
        finding["id"],
        "--reason",
        "agreed",
        "--until",
        "2199-12-31",
    )
    assert done.returncode == 0, done.stderr
    assert finding["id"] not in [each["id"] for each in _json(reconciled, "findings", "list")]
    accepted = _json(reconciled, "findings", "list", "--status", "accepted")
    assert [each["accepted"]["reason"] for each in accepted if each["id"] == finding["id"]] == ["agreed"]


def test_findings_are_exported_as_csv_and_jsonl(reconciled: Sandbox, tmp_path: Path) -> None:
    documents = _json(reconciled, "findings", "list", "--entity", "orders")
    for name in ("orders.csv", "orders.jsonl"):
        done = run_command("--project", reconciled.project, "findings", "export", tmp_path / name, "--entity", "orders")
        assert done.returncode == 0, done.stderr
    lines = (tmp_path / "orders.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [each["id"] for each in documents]
    with (tmp_path / "orders.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == len(documents) + 1


def test_an_export_to_an_unknown_format_is_refused(reconciled: Sandbox, tmp_path: Path) -> None:
    done = run_command("--project", reconciled.project, "findings", "export", tmp_path / "findings.pdf")
    assert done.returncode == 2
    assert ".csv" in done.stderr


def test_runs_are_listed_and_shown(reconciled: Sandbox) -> None:
    runs = _json(reconciled, "runs")
    assert runs[0]["status"] == "complete"
    shown = _json(reconciled, "runs", "show", runs[0]["run"])
    assert shown["entities"]["customers"]["crm"]["pulled"] > 0
    assert "= matched" in run_command("--project", reconciled.project, "runs", "show", runs[0]["run"]).stdout


def test_the_data_dictionary_says_where_every_field_is(reconciled: Sandbox, tmp_path: Path) -> None:
    rows = _json(reconciled, "scope")
    limit = next(row for row in rows if (row["entity"], row["field"]) == ("customers", "credit_limit"))
    assert limit["owner"] == "erp"
    assert limit["direction"] == "erp → crm"
    assert (limit["crm_path"], limit["erp_path"]) == (
        "OtherProperties[contact_credit_limit].DecimalValue",
        "limite_credito",
    )
    assert limit["crm_samples"]
    markdown = run_command("--project", reconciled.project, "scope").stdout.splitlines()
    assert len(markdown) == len(rows) + 2
    done = run_command("--project", reconciled.project, "scope", "--format", "xlsx", "--out", tmp_path / "scope.xlsx")
    assert done.returncode == 0, done.stderr
    sheet = load_workbook(tmp_path / "scope.xlsx").get_sheet_by_index(0).to_python()
    assert len(sheet) == len(rows) + 1


def test_check_reads_both_systems_and_grades_them(reconciled: Sandbox) -> None:
    document = _json(reconciled, "check")
    for side in ("crm", "erp"):
        assert document[side]["reachable"]
        assert document[side]["grade"] in "AB"
        assert document[side]["limits"]
        assert document[side]["entities"]["customers"]["read"] > 0
    assert run_command("--project", reconciled.project, "check").returncode == 0


def test_check_names_a_wrong_path_and_an_unreachable_system(reconciled: Sandbox, tmp_path: Path) -> None:
    project = tmp_path / "reconciler.toml"
    text = reconciled.project.read_text().replace("[contact_sales_volume]", "[contact_sales_volum]")
    project.write_text(text.replace(reconciled.systems["erp"]["base_url"], "http://127.0.0.1:9/api"))
    done = run_command("--project", project, "check", "--json")
    assert done.returncode == 3
    document = json.loads(done.stdout)
    assert document["erp"]["reachable"] is False
    assert document["erp"]["grade"] == "F"
    assert "sales_volume" in document["crm"]["entities"]["customers"]["empty"]


def test_check_tells_a_missing_secret_as_a_configuration_mistake(reconciled: Sandbox, tmp_path: Path) -> None:
    project = tmp_path / "reconciler.toml"
    text = reconciled.project.read_text()
    project.write_text(re.sub(r"user_key = \"[^\"]+\"", 'user_key = { env = "SOME_VARIABLE" }', text))
    done = run_command("--project", project, "check", "--json")
    assert done.returncode == 2
    assert "SOME_VARIABLE" in done.stderr
    assert done.stdout == ""


def test_vendors_say_how_far_they_were_verified() -> None:
    vendors = {each["name"]: each for each in json.loads(run_command("vendors", "--json").stdout)}
    assert {"ploomes", "sandbox_erp", "tryton"} < set(vendors)
    assert {entity["verified"] for entity in vendors["tryton"]["entities"].values()} == {"live"}
    assert "live" not in {entity["verified"] for entity in vendors["ploomes"]["entities"].values()}
    assert "LegalName" in run_command("vendors", "show", "ploomes").stdout


def test_a_shipped_description_can_be_copied(tmp_path: Path) -> None:
    done = run_command("vendors", "show", "ploomes", "--toml")
    (tmp_path / "my-crm.toml").write_text(done.stdout, encoding="utf-8")
    copied = run_command("vendors", "show", "./my-crm.toml", "--json", cwd=tmp_path)
    shipped = run_command("vendors", "show", "ploomes", "--json")
    assert copied.returncode == 0, copied.stderr
    assert json.loads(copied.stdout) == json.loads(shipped.stdout)


def test_init_writes_a_project_that_is_read_and_never_overwrites(tmp_path: Path) -> None:
    arguments = ("init", "--crm", "ploomes", "--erp", "tryton", "--erp-url", "http://erp.example:8069/erp")
    assert run_command(*arguments, cwd=tmp_path).returncode == 0
    written = (tmp_path / "reconciler.toml").read_text(encoding="utf-8")
    environment = {**os.environ, "CRM_USER_KEY": "k", "ERP_LOGIN": "l", "ERP_PASSWORD": "p"}
    read = run_command("scope", "--json", cwd=tmp_path, environment=environment)
    assert read.returncode == 0, read.stderr
    assert run_command(*arguments, cwd=tmp_path).returncode == 2
    assert (tmp_path / "reconciler.toml").read_text(encoding="utf-8") == written


def test_init_without_a_terminal_names_what_is_missing(tmp_path: Path) -> None:
    done = run_command("init", "--crm", "ploomes", cwd=tmp_path)
    assert done.returncode == 2
    assert "--erp" in done.stderr


def test_the_sandbox_refuses_an_unknown_misbehaviour(tmp_path: Path) -> None:
    done = run_command("sandbox", "--dir", tmp_path / "box", "--misbehave", "sulk", timeout_s=30)
    assert done.returncode == 2
    assert "html502" in done.stderr


def test_hostile_text_never_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    name = "\x1b[31mAço\x1b[0m [bold]Forte[/bold] \u202eadtL"
    contact = {"Id": 1, "LegalName": name, "Name": name, "CNPJ": "11222333000181", "OtherProperties": []}
    customer = {"codigo": "000001", "razao_social": "Aço Forte Ltda", "cpf_cnpj": "11.222.333/0001-81", "endereco": {}}
    load = tmp_path / "load.json"
    load.write_text(json.dumps({"crm": {"Contacts": [contact]}, "erp": {"clientes": [customer]}}))
    with Sandbox(tmp_path / "box", "--load", str(load)) as sandbox:
        assert run_command("--project", sandbox.project, "run", "customers").returncode == 1
        for command in (["findings", "list"], ["findings", "list", "--json"], ["runs"]):
            shown = run_command("--project", sandbox.project, *command)
            assert shown.returncode == 0, shown.stderr
            assert "\x1b" not in shown.stdout
            assert "\u202e" not in shown.stdout or "--json" in command


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
def test_a_run_that_is_stopped_says_so_and_leaves_the_state_readable(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    said = tmp_path / "said"
    said.mkdir()
    with Sandbox(tmp_path / "box", "--misbehave", "slow", "--misbehave-every", "1") as sandbox:
        process = Command("--project", sandbox.project, "run", output=said).process
        assert process.pid is not None
        state = sandbox.project.parent / "state.db"
        while not state.exists() and process.exitcode is None:
            time.sleep(0.005)
        os.kill(process.pid, number)
        process.join(60)
        assert process.exitcode == code
        assert "Traceback" not in (said / "stderr").read_text(encoding="utf-8")
        runs = run_command("--project", sandbox.project, "runs", "--json")
        assert runs.returncode == 0
        assert {each["status"] for each in json.loads(runs.stdout)} <= {"interrupted"}
