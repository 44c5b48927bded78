"""What the review screen does with a key can be done as a command: narrow by a text, leave one out, take back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.app.corrections_rig import reconciled_once
from tests.processes import run_command


def test_narrowed_by_a_text_approved_and_taken_back(tmp_path: Path) -> None:
    shutil.copytree(reconciled_once(), tmp_path / "box")
    project = tmp_path / "box" / "reconciler.toml"

    def run(*arguments: str) -> Any:
        done = run_command("--project", project, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done.stderr

    every = run("findings", "list", "--field", "legal_name", "--json")
    wanted = next(each for each in every if each["kind"] == "differs" and each["crm"]["value"])
    text = wanted["crm"]["value"][:9].upper()
    found = {each["id"] for each in run("findings", "list", "--text", text, "--json")}
    assert wanted["id"] in found
    without = run("findings", "list", "--text", text, "--without", wanted["id"], "--json")
    assert {each["id"] for each in without} == found - {wanted["id"]}

    proposed = run("corrections", "propose", "--text", text, "--field", "legal_name", "--json", "--as", "ana")
    (correction,) = [each["id"] for each in proposed["corrections"] if wanted["key"] == each["key"]]
    run("corrections", "approve", correction, "--as", "ana")
    assert run("corrections", "withdraw", correction, "--json", "--as", "ana")["withdrawn"] == [correction]
    assert run("corrections", "list", correction, "--json")[0]["state"] == "proposed"
    assert run_command("--project", project, "corrections", "withdraw", correction, "--as", "ana").returncode == 2

    run("findings", "accept", wanted["id"], "--reason", "known", "--as", "ana")
    assert "1 finding open again" in run("findings", "withdraw", wanted["id"], "--as", "ana")
