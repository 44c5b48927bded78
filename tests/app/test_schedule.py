"""Printed units: what systemd, cron and Kubernetes read from them is the job, whatever the paths are called."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.app.schedule.cron import cron_lines
from reconciler.app.schedule.job import NightlyJob, TimeOfDay, nightly_job, pilot_job
from reconciler.app.schedule.kubernetes import cron_job, outside_the_volume
from reconciler.app.schedule.systemd import systemd_units
from reconciler.errors import ConfigurationError, RefusedError
from reconciler.project import load_project

NASTY: Final = "pasta com espaço & 100% \"aspas\" 'd'água' $HOME;x"
_PROJECT: Final = """\
[project]
name = "{name}"
timezone = "America/Sao_Paulo"
state = "{state}"
[crm]
vendor = "ploomes"
credentials = {{ user_key = {{ env = "CRM_KEY" }} }}
[erp]
vendor = "sandbox_erp_files"
base_url = "{exchange}"
credentials = {{ user = {{ file = "user.txt" }}, password = {{ keyring = "erp/robot" }} }}
[notify]
webhook = {{ url = "https://hooks.example.com", secret = {{ env = "HOOK" }} }}
"""
_SHOWS_WHAT_IT_GOT: Final = """\
#!{python}
import json, os, sys
json.dump({{"arguments": sys.argv[1:], "folder": os.getcwd(), "key": os.environ.get("CRM_KEY")}}, open({out!r}, "w"))
print("a summary")
"""


def job_in(
    folder: Path, *, name: str = "Aço & Filhos", state: str = "sqlite:///state.db", exchange: str = "ftp://erp.example"
) -> NightlyJob:
    folder.mkdir(exist_ok=True)
    (folder / "reconciler.toml").write_text(_PROJECT.format(name=name, state=state, exchange=exchange))
    path = folder / "reconciler.toml"
    return nightly_job(load_project(path, {}), path, TimeOfDay(2, 5))


@pytest.fixture
def nasty(tmp_path: Path) -> NightlyJob:
    return job_in(tmp_path / NASTY)


def test_the_job_is_found_in_the_project(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    job = job_in(tmp_path / "acme", state=f"sqlite:///{elsewhere}/state.db", exchange=f"file://{tmp_path}/exchange")
    assert (job.name, job.title, job.time_zone) == ("reconciler-aco-filhos", "Aço & Filhos", "America/Sao_Paulo")
    assert job.variables == ("CRM_KEY", "HOOK")
    assert job.writable == (tmp_path / "acme", elsewhere, tmp_path / "exchange")
    assert job.command == (
        sys.executable, "-P", "-m", "reconciler", "--project", str(tmp_path / "acme" / "reconciler.toml"), "run"
    )  # fmt: skip
    assert [warning.partition(":")[0] for warning in job.warnings] == ["erp.credentials.password"]
    assert outside_the_volume(job) == [str(elsewhere), str(tmp_path / "exchange")]


@pytest.mark.parametrize("name", ["line\nbreak", "ends in a space ", "ends in a backslash\\"])
def test_a_folder_that_no_unit_can_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="no unit can name it"):
        nightly_job(load_project(job_in(tmp_path / "fine").project_file, {}), tmp_path / name, TimeOfDay(2, 5))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("folder", ["plain", NASTY], ids=["plain", "nasty"])
def test_systemd_accepts_both_units_and_their_time(tmp_path: Path, folder: str) -> None:
    units = systemd_units(job_in(tmp_path / folder, name=r"Aço\n\u001b[31m 100% \\"), "robot")
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    verified = _analyze("verify", *(str(tmp_path / name) for name in units))
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")
    when = re.findall(r"^OnCalendar=(.*)$", units["reconciler-aco-31m-100.timer"], re.MULTILINE)
    assert _analyze("calendar", *when).returncode == 0
    exposure = _analyze("security", "--offline=true", "--threshold=25", str(tmp_path / next(iter(units))))
    assert exposure.returncode == 0, exposure.stdout


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=30)


@given(
    name=st.text(
        st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), exclude_characters="/\xa0"), min_size=1
    )
)
@example(name=NASTY)
@example(name="%h %% $$ ${HOME} \\x")
def test_systemd_gets_every_path_back_as_it_is(name: str) -> None:
    folder = Path("/srv") / name
    job = NightlyJob(
        name="reconciler-x",
        title="x",
        project_file=folder / "reconciler.toml",
        program=("/usr/bin/python3", "-m", "reconciler"),
        at=TimeOfDay(2, 5),
        time_zone="UTC",
        writable=(folder, Path("/var/lib/x")),
        variables=(),
        environment_file=folder / "reconciler.env",
    )
    service = systemd_units(job, "robot")["reconciler-x.service"]
    values = dict(line.partition("=")[::2] for line in service.split("\n") if "=" in line and not line.startswith("#"))
    words = [word.replace("%%", "%").replace("$$", "$") for word in _words(values["ExecStart"])]
    assert words == list(job.command)
    assert [word.replace("%%", "%") for word in _words(values["ReadWritePaths"])] == [str(folder), "/var/lib/x"]
    assert values["WorkingDirectory"].replace("%%", "%") == str(folder)


def _words(value: str) -> list[str]:
    """As systemd splits: at plain spaces, with double quotes around words and backslashes inside them."""
    lexer = shlex.shlex(value, posix=True)
    lexer.whitespace, lexer.whitespace_split, lexer.quotes, lexer.commenters = " ", True, '"', ""
    return list(lexer)


def test_the_service_is_confined_and_takes_findings_for_success(tmp_path: Path) -> None:
    job = job_in(tmp_path / "acme")
    service = systemd_units(job, "robot")["reconciler-aco-filhos.service"]
    wanted = {
        "User=robot", "SuccessExitStatus=1", "NoNewPrivileges=true", "ProtectSystem=strict", "Type=oneshot",
        f"ReadWritePaths={job.folder}", f"EnvironmentFile={job.environment_file}",
    }  # fmt: skip
    assert wanted - set(service.splitlines()) == set()


def test_cron_reads_five_times_a_user_only_where_lines_have_one_and_the_zone(nasty: NightlyJob) -> None:
    own, shared = _cron_line(cron_lines(nasty, None)), _cron_line(cron_lines(nasty, "robot"))
    assert own.startswith("5 2 * * * cd ")
    assert shared == own.replace("* * * cd ", "* * * robot cd ", 1)
    assert "CRON_TZ=America/Sao_Paulo" in cron_lines(nasty, None).splitlines()
    assert not re.search(r"(?<!\\)%", own)


def test_the_shell_that_cron_starts_runs_the_job_in_its_folder_with_its_secrets(nasty: NightlyJob) -> None:
    program, out = nasty.folder / "fake program", nasty.folder / "got.json"
    program.write_text(_SHOWS_WHAT_IT_GOT.format(python=sys.executable, out=str(out)))
    program.chmod(stat.S_IRWXU)
    nasty.environment_file.write_text("CRM_KEY='a made-up key'\n")
    line = _cron_line(cron_lines(replace(nasty, program=(str(program),)), None))
    command = line.split(" ", 5)[5].replace("\\%", "%")
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads(out.read_text()) == {
        "arguments": ["--project", str(nasty.project_file), "run"],
        "folder": str(nasty.folder),
        "key": "a made-up key",
    }


_PILOT = """
[pilot]
starts = "2026-11-23"
ends = "2026-11-29"
technical_lead = "caio"
scope_owner = "dora"
writes_per_day = 10
participants = { eva = { crm_user = "7" } }
[pilot.scope]
entities = ["customers"]
[pilot.criteria]
unknown_outcomes = 0
[people]
bia = { roles = ["operator"], os_users = ["robot"] }
caio = { roles = ["admin"] }
dora = { roles = ["reviewer"] }
"""


def pilot_in(folder: Path, user: str, *, apply: bool = False) -> NightlyJob:
    job_in(folder)
    file = folder / "reconciler.toml"
    file.write_text(file.read_text() + _PILOT)
    return pilot_job(load_project(file, {}), file, TimeOfDay(4, 30), user=user, apply=apply)


def test_the_run_of_the_pilot_stands_beside_the_nightly_run(tmp_path: Path) -> None:
    """In units of its own, with the folder, the claim and the secrets of the project."""
    nightly, pilot = job_in(tmp_path / "acme"), pilot_in(tmp_path / "acme", "robot", apply=True)
    assert pilot.command == (*nightly.command[:-1], "pilot", "run", "--apply")
    assert (pilot.name, pilot.unit, pilot.variables) == (nightly.name, "reconciler-aco-filhos-pilot", nightly.variables)
    units = systemd_units(pilot, "robot")
    assert sorted(units) == ["reconciler-aco-filhos-pilot.service", "reconciler-aco-filhos-pilot.timer"]
    service, timer = units.values()
    assert f"--project {tmp_path}/acme/reconciler.toml pilot run --apply\n" in service
    assert "Description=Daily run of the pilot of Aço & Filhos\n" in service
    assert "OnCalendar=*-*-* 04:30:00 America/Sao_Paulo\n" in timer
    line = _cron_line(cron_lines(pilot, None))
    assert line.startswith("30 4 * * * cd ")
    assert line.endswith("reconciler.toml pilot run --apply >/dev/null")
    document = yaml.safe_load(cron_job(pilot, "reconciler", 10001))
    pod = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert document["metadata"]["name"] == "reconciler-aco-filhos-pilot"
    assert document["metadata"]["labels"]["app.kubernetes.io/instance"] == "reconciler-aco-filhos"
    assert (
        "reconciler --project /project/reconciler.toml pilot run --apply >/dev/null"
        in pod["containers"][0]["command"][2]
    )
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "reconciler-aco-filhos"}
    assert pilot.warnings == nightly.warnings


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units_of_the_pilot(tmp_path: Path) -> None:
    units = systemd_units(pilot_in(tmp_path / "acme", "robot"), "robot")
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    verified = _analyze("verify", *(str(tmp_path / name) for name in units))
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("user", "words"),
    [
        (
            "nobody",
            'the operating-system user nobody is nobody in [people] of the project file. Add os_users = ["nobody"]',
        ),
        ("dora", "dora has none of the roles admin, operator, which running the pilot takes."),
    ],
)
def test_who_may_not_run_the_pilot_is_told_when_it_is_scheduled_and_not_at_night(
    tmp_path: Path, user: str, words: str
) -> None:
    *_, last = pilot_in(tmp_path / "acme", user).warnings
    assert last.startswith(words)


def test_without_a_pilot_there_is_nothing_to_schedule(tmp_path: Path) -> None:
    file = job_in(tmp_path / "acme").project_file
    with pytest.raises(RefusedError, match="declares no pilot"):
        pilot_job(load_project(file, {}), file, TimeOfDay(4, 30), user="robot")


def _cron_line(text: str) -> str:
    (line,) = (line for line in text.splitlines() if not line.startswith("#") and " " in line)
    return line


def test_kubernetes_reads_a_confined_job_that_never_runs_twice_at_once(nasty: NightlyJob) -> None:
    document = yaml.safe_load(cron_job(nasty, "registry.example.com/reconciler:1", 10001))
    spec = document["spec"]
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert (document["apiVersion"], document["kind"]) == ("batch/v1", "CronJob")
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == (
        "5 2 * * *", "America/Sao_Paulo", "Forbid"
    )  # fmt: skip
    assert container["image"] == "registry.example.com/reconciler:1"
    assert container["resources"]["limits"]["memory"] == "2Gi"
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["securityContext"]["runAsNonRoot"] is True
    secrets = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in container["env"] if "valueFrom" in each}
    assert secrets == {name: {"name": "reconciler-aco-filhos", "key": name} for name in ("CRM_KEY", "HOOK")}
    claims = {each["name"]: each.get("persistentVolumeClaim") for each in pod["volumes"]}
    assert claims[container["volumeMounts"][0]["name"]] == {"claimName": "reconciler-aco-filhos"}


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (1, 0), (3, 3), (4, 4)])
def test_findings_are_no_failure_of_a_kubernetes_job(tmp_path: Path, code: int, expected: int) -> None:
    job = replace(job_in(tmp_path / "acme"), project_file=tmp_path / "acme" / "meu projeto.toml")
    pod: Any = yaml.safe_load(cron_job(job, "reconciler", 10001))["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (tmp_path / "reconciler").write_text(
        f'#!/bin/sh\n[ "$*" = "--project /project/meu projeto.toml run" ] || exit 9\nexit {code}\n'
    )
    (tmp_path / "reconciler").chmod(stat.S_IRWXU)
    done = subprocess.run(
        pod["containers"][0]["command"], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False, timeout=30
    )
    assert done.returncode == expected
