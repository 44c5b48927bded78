"""From an address and a credential to findings: a system nobody described is guessed, checked and reconciled."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

from tests.processes import Sandbox, run_command

_GUESSED = {"legal_name", "email", "street", "zip"}


def test_a_guessed_description_finds_what_was_planted_in_the_fields_it_recognised(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox", "--customers", "60") as sandbox:
        crm, erp = sandbox.systems["crm"], sandbox.systems["erp"]
        environment = {
            **os.environ,
            "CRM_KEY": crm["credentials"]["user_key"],
            "ERP_USER": erp["credentials"]["user"],
            "ERP_PASSWORD": erp["credentials"]["password"],
        }
        guessed = run_command(
            *("init", "--from-url", f"{crm['base_url']}/Contacts", "--side", "crm", "--out", "my-crm.toml"),
            *("--secret-header", "User-Key", "--secret-env", "CRM_KEY"),
            cwd=tmp_path,
            environment=environment,
        )
        assert guessed.returncode == 0, guessed.stderr
        text = (tmp_path / "my-crm.toml").read_text(encoding="utf-8")
        assert environment["CRM_KEY"] not in text
        assert tomllib.loads(text)["entities"]["customers"]["fields"]["tax_id"]["path"] == ["CNPJ", "CPF"]
        written = run_command(
            *("init", "--crm", "./my-crm.toml", "--erp", "sandbox_erp", "--erp-url", erp["base_url"]),
            cwd=tmp_path,
            environment=environment,
        )
        assert written.returncode == 0, written.stderr
        run = run_command("run", "customers", "--json", cwd=tmp_path, environment=environment)
        assert run.returncode == 1, run.stderr
        listed = run_command("findings", "list", "--json", cwd=tmp_path, environment=environment)
        truth = json.loads(Path(sandbox.systems["truth"]).read_text(encoding="utf-8"))
    found = {(f["key"], f["field"], f["kind"], f["cause"]) for f in json.loads(listed.stdout)}
    # A pair whose link contradicts its key needs the link, which nobody described.
    planted = {
        (p["key"], p["field"], p["kind"], p["cause"])
        for p in truth
        if p["entity"] == "customers" and p["cause"] != "key_and_link_disagree"
    }
    assert {row for row in found if row[1] in _GUESSED} == {row for row in planted if row[1] in _GUESSED}
    assert {row for row in planted if row[1] is None} == {row for row in found if row[1] is None}
    assert any(row[1] in _GUESSED for row in found)


def test_a_second_entity_is_added_to_the_same_description_and_the_first_is_left_alone(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox", "--customers", "20") as sandbox:
        crm = sandbox.systems["crm"]
        environment = {**os.environ, "CRM_KEY": crm["credentials"]["user_key"]}

        def guess(path: str, entity: str) -> tuple[int, str]:
            done = run_command(
                *("init", "--from-url", f"{crm['base_url']}/{path}", "--entity", entity, "--side", "crm"),
                *("--out", "crm.toml", "--secret-header", "User-Key", "--secret-env", "CRM_KEY"),
                cwd=tmp_path,
                environment=environment,
            )
            return done.returncode, done.stderr

        assert guess("Contacts", "customers")[0] == 0
        assert guess("Products", "products")[0] == 0
        again, said = guess("Contacts", "customers")
    assert (again, "already describes customers" in said) == (2, True)
    described = tomllib.loads((tmp_path / "crm.toml").read_text(encoding="utf-8"))
    assert list(described["entities"]) == ["customers", "products"]
    assert described["entities"]["products"]["full"]["paging"] == {"kind": "offset", "size": 100}


def test_a_refused_credential_or_an_answer_without_records_says_so_and_writes_nothing(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox", "--customers", "20") as sandbox:
        crm = sandbox.systems["crm"]
        options = ("--side", "crm", "--out", "crm.toml", "--secret-header", "User-Key", "--secret-env", "CRM_KEY")
        refused = run_command(
            *("init", "--from-url", f"{crm['base_url']}/Contacts", *options),
            cwd=tmp_path,
            environment={**os.environ, "CRM_KEY": "wrong"},
        )
        elsewhere = run_command(
            *("init", "--from-url", f"{crm['base_url']}/Webhooks", *options),
            cwd=tmp_path,
            environment={**os.environ, "CRM_KEY": crm["credentials"]["user_key"]},
        )
    assert (refused.returncode, elsewhere.returncode) == (3, 3)
    assert "credential" in refused.stderr.lower()
    assert "Traceback" not in refused.stderr + elsewhere.stderr
    assert not (tmp_path / "crm.toml").exists()
