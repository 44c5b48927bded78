"""What the commands of the pilot tell is in the language of the project; their JSON is the same in every language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reconciler.cli import pilot_texts
from reconciler.pilot.measures import MEASURES
from tests.processes import run_command

_PROJECT = """
[project]
name = "acme"
locale = "{locale}"
timezone = "America/Sao_Paulo"
currency = "BRL"
stage = "sandbox"
state = "sqlite:///state.db"
data = "data/"
[crm]
vendor = "ploomes"
base_url = "http://127.0.0.1:9"
credentials = {{ user_key = "k" }}
[erp]
vendor = "sandbox_erp"
base_url = "http://127.0.0.1:9/api"
credentials = {{ user = "u", password = "p" }}
[scope.customers]
key = ["tax_id"]
"""


def test_both_languages_have_the_same_values() -> None:
    for name, texts in pilot_texts._TEXTS.items():
        marks = [sorted(re.findall(r"\{(\w+)\}", each)) for each in texts]
        assert marks[0] == marks[1], name
    assert pilot_texts.PilotTexts("fr-FR")("seconds") == "seconds"


@pytest.mark.parametrize(
    ("locale", "told", "headings", "scenario"),
    [
        (
            "pt-BR",
            "Estágio em vigor: sandbox; o arquivo do projeto indica sandbox.\nPara ser promovido a “homologation”:\n"
            "  - o arquivo do projeto diz estágio “sandbox”; escreva antes stage = “homologation” nele\n",
            "id        em (UTC)          quem  gravidade    sobre          situação  texto",
            "   Esperado: O ERP responde às duas",
        ),
        (
            "en",
            "Stage in force: sandbox; the project file names sandbox.\nTo be promoted to “homologation”:\n"
            "  - the project file says stage “sandbox”; write stage = “homologation” there first\n",
            "id        at (UTC)          who   severity  about            status  text",
            "   Expected: The ERP answers both",
        ),
    ],
    ids=["pt-BR", "en"],
)
def test_status_feedback_and_scenarios_speak_the_language_of_the_project(
    tmp_path: Path, locale: str, told: str, headings: str, scenario: str
) -> None:
    project = tmp_path / "reconciler.toml"
    project.write_text(_PROJECT.format(locale=locale))

    def run(*arguments: str) -> str:
        done = run_command("--project", project, "pilot", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run("status").startswith(told)
    document = json.loads(run("status", "--json"))
    assert document["missing"][0].startswith("the project file says stage")
    run("feedback", "add", "não envia", "--severity", "blocker", "--entity", "customers", "--key", "1")
    listed = run("feedback", "list")
    assert re.sub(r" +", " ", listed.splitlines()[0]) == re.sub(r" +", " ", headings)
    assert ("impedimento" in listed, "Clientes 1" in listed) == ((True, True) if locale == "pt-BR" else (False, False))
    assert scenario in run("scenarios", "list")


def test_every_measure_is_explained_in_portuguese() -> None:
    for measure in MEASURES.values():
        assert "Amostra: " in measure.meaning_pt
        assert "Sample: " in measure.meaning
