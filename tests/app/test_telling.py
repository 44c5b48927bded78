"""Who is told what after a run: only with reason, never a value or a key, and never at the cost of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.app.notifications.notice import EntityNotice, Notice, Occasion, occasions_of
from reconciler.app.notifications.telling import channels_of, message_of
from reconciler.errors import ConfigurationError, SecretMissingError, TomlError
from reconciler.model.corrections import CorrectionState
from reconciler.ports.webhook.verification import Verdict
from reconciler.project import load_project
from reconciler.store.state.records import RunStatus
from tests.app.nights import ANA, FIRST_NIGHT, NAMES, Company
from tests.ports.notice_rig import SECRET, Receiver, mail_server, receiving, verdict
from tests.store.correction_cases import correction, go

S = CorrectionState
ENVIRONMENT = {"HOOK_SECRET": SECRET}
NOTICE = Notice(
    project="acme",
    stage="pilot",
    run="20261122T053000Z-ab12",
    at="2026-11-22T05:30:00Z",
    status=RunStatus.PARTIAL,
    occasions=(Occasion.FAILURE, Occasion.UNKNOWN, Occasion.FINDINGS),
    entities={"customers": EntityNotice(9, 14, {"accents": 8, "case": 6}, accepted=3, reopened=2)},
    not_compared=("orders",),
    unknown=4,
    report="/srv/acme/data/reports/20261122T053000Z-ab12.html",
)


def hook(receiver: Receiver, more: str = "") -> str:
    return f'[notify]\nwebhook = {{ url = "{receiver.url}", secret = {{ env = "HOOK_SECRET" }} }}\n{more}'


def told(receiver: Receiver) -> dict[str, Any]:
    """The one message that was received."""
    (sent,) = receiver.received
    document: dict[str, Any] = orjson.loads(sent.body)
    assert document["type"] == "reconciler.run"
    data: dict[str, Any] = document["data"]
    assert sent.headers["webhook-id"] == data["run"]
    return data


@pytest.mark.parametrize(
    ("status", "new", "unknown", "wanted", "expected"),
    [
        (RunStatus.COMPLETE, 0, 0, ("findings", "failure", "unknown"), ()),
        (RunStatus.COMPLETE, 4, 0, ("findings", "failure", "unknown"), ()),
        (RunStatus.COMPLETE, 5, 0, ("findings", "failure", "unknown"), ("findings",)),
        (RunStatus.COMPLETE, 9, 1, ("failure",), ()),
        (RunStatus.PARTIAL, 0, 0, ("failure",), ("failure",)),
        (RunStatus.FAILED, 9, 2, ("findings", "failure", "unknown"), ("failure", "unknown", "findings")),
    ],
    ids=["calm", "under fail_on", "at fail_on", "not wanted", "partial", "everything"],
)
def test_somebody_is_told_when_there_is_reason(
    status: RunStatus, new: int, unknown: int, wanted: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert occasions_of(status=status, new=new, fail_on=5, unknown=unknown, wanted=wanted) == expected


@pytest.mark.parametrize(
    ("locale", "subject", "lines"),
    [
        (
            "pt-BR",
            "[acme] nem tudo foi comparado, correções com resultado desconhecido: 4, divergências novas: 9",
            [
                "- Clientes: 9 novas, 14 em aberto",
                "    Acentos: 8",
                "Não comparadas: Pedidos.",
                "aceitas: 3",
                "Parcial",
            ],
        ),
        (
            "en",
            "[acme] not everything was compared, corrections with an unknown outcome: 4, new findings: 9",
            ["- customers: 9 new, 14 open", "    Accents: 8", "Not compared: orders.", "differences: 3", "Partial"],
        ),
    ],
)
def test_people_are_told_in_the_language_of_the_project(locale: str, subject: str, lines: list[str]) -> None:
    message = message_of(NOTICE, locale)
    assert (message.subject, message.language) == (subject, locale)
    text = message.text.casefold()
    assert [line for line in [*lines, str(NOTICE.report), NOTICE.run] if line.casefold() not in text] == []


def test_a_failed_run_is_told_by_its_code() -> None:
    failed = replace(NOTICE, status=RunStatus.FAILED, occasions=(Occasion.FAILURE,), error="state", entities={})
    message = message_of(failed, "en")
    assert message.subject == "[acme] the run failed"
    assert "It ended with: state." in message.text


async def test_new_findings_are_told_in_counts_alone(tmp_path: Path) -> None:
    async with receiving(503, 204) as receiver:
        company = Company(tmp_path, hook(receiver))
        company.names["crm"][ANA] = "AÇO FORTE LTDA"
        finished = await company.night(environment=ENVIRONMENT)
    first, second = receiver.received
    assert first.body == second.body
    assert verdict(second, datetime.now(UTC)) is Verdict.GENUINE
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == finished.document["run"]
    data = orjson.loads(second.body)["data"]
    assert data["entities"] == {
        "customers": {"new": 1, "open": 1, "by_cause": {"case": 1}, "accepted": 0, "reopened": 0}
    }
    assert (data["occasions"], data["report"]) == (["findings"], finished.document["reports"]["html"])
    said = second.body.decode().casefold()
    assert [word for word in (*NAMES, *NAMES.values(), "crm-1122") if word.casefold() in said] == []
    delivered = {"channel": "webhook", "to": "127.0.0.1", "delivered": True, "attempts": 2}
    assert finished.document["notifications"] == [delivered]
    async with company.opened() as workspace:
        kept = (await workspace.state.runs.get(finished.document["run"])).document
    assert kept is not None
    assert (kept["notifications"], kept["entities"]) == ([delivered], finished.document["entities"])


async def test_a_night_in_which_nothing_happened_tells_nobody_but_unknown_outcomes_are_told(tmp_path: Path) -> None:
    async with receiving(204) as receiver:
        company = Company(tmp_path, hook(receiver))
        calm = await company.night(environment=ENVIRONMENT)
        assert (calm.exit_code, receiver.received, "notifications" in calm.document) == (0, [], False)
        async with company.opened() as workspace:
            lost = correction()
            await workspace.state.corrections.add([lost], person="ana")
            await go(workspace.state, lost.id, S.PROPOSED, S.APPROVED, S.PLANNED, S.APPLYING, S.UNKNOWN)
        again = await company.night(FIRST_NIGHT + timedelta(days=1), environment=ENVIRONMENT)
    assert again.exit_code == 0
    data = told(receiver)
    assert (data["occasions"], data["unknown_outcomes"], data["new"]) == (["unknown"], 1, 0)
    assert "feitas: 1." in data["text"]


async def test_a_notification_that_fails_changes_nothing_but_is_told(tmp_path: Path) -> None:
    async with receiving(500) as receiver, mail_server() as server:
        mail = f'smtp = {{ host = "127.0.0.1", port = {server.port}, from = "a@example.com", to = "b@example.com" }}'
        company = Company(tmp_path, hook(receiver, mail))
        (tmp_path / "crm").mkdir()
        warnings: list[str] = []
        finished = await company.night(environment=ENVIRONMENT, warnings=warnings, export=False)
    assert (finished.exit_code, finished.document["status"]) == (3, "failed")
    assert [(each["channel"], each["delivered"], each["attempts"]) for each in finished.document["notifications"]] == [
        ("webhook", False, 2),
        ("mail", False, 1),
    ]
    assert len(warnings) == 2
    assert "status 500" in warnings[0]
    assert "STARTTLS" in warnings[1]
    assert "a-secret-path" not in "".join(warnings)


async def test_a_run_that_breaks_off_is_told_by_mail(tmp_path: Path) -> None:
    async with mail_server() as server:
        mail = (
            f'[notify]\non = ["failure"]\nsmtp = {{ host = "127.0.0.1", port = {server.port}, starttls = false, '
            'from = "noite@example.com", to = ["ana@example.com", "rui@example.com"] }'
        )
        company = Company(tmp_path, mail)
        (tmp_path / "lists.toml").write_text("[vendor]")
        with pytest.raises(ConfigurationError):
            await company.night()
    (got,) = server.received
    assert got.to == ("ana@example.com", "rui@example.com")
    assert got.mail["Subject"] == "[acme] a execução falhou"
    assert "Terminou com: toml." in got.mail.get_content()
    async with company.opened() as workspace:
        (run,) = await workspace.state.runs.history(5)
    assert run.document is not None
    assert run.status is RunStatus.FAILED
    assert run.document["notifications"] == [{"channel": "mail", "to": "127.0.0.1", "delivered": True, "attempts": 1}]


@pytest.mark.parametrize(
    ("environment", "expected", "words"),
    [
        ({}, SecretMissingError, "HOOK_SECRET"),
        ({"HOOK_SECRET": "whsec_c2hvcnQtc2VjcmV0"}, TomlError, "24 to 64 bytes"),
    ],
    ids=["missing", "short"],
)
async def test_a_secret_that_will_not_do_is_told_before_anything_is_read(
    tmp_path: Path, environment: Mapping[str, str], expected: type[Exception], words: str
) -> None:
    company = Company(tmp_path, hook(Receiver(url="https://hooks.example.com")))
    with pytest.raises(expected, match=words) as refused:
        await company.night(environment=environment)
    assert "c2hvcnQtc2VjcmV0" not in str(refused.value)
    async with company.opened() as workspace:
        assert await workspace.state.runs.history(5) == []
        assert channels_of(load_project(company.project, ENVIRONMENT))[0].host == "hooks.example.com"
