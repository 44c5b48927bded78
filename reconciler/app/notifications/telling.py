"""Telling whom the project file names, after a run: bounded in time, and never a reason for the run to fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.app.concurrently import all_of
from reconciler.app.notifications.notice import EVENT_TYPE, Notice, notice_of, occasions_of
from reconciler.app.notifications.words import subject, text
from reconciler.app.wire import Workspace
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import CorrectionState
from reconciler.ports.notices.delivery import Channel, Delivery, Message, Patience, deliver
from reconciler.ports.notices.mail import MailChannel
from reconciler.ports.notices.webhook import WebhookChannel
from reconciler.ports.webhook.signing import SigningSecretError, signing_key
from reconciler.project import Project
from reconciler.project_notify import NotifySmtp, NotifyWebhook
from reconciler.store.state.records import RunStatus


def channels_of(project: Project) -> list[Channel]:
    """The ways the project file names; their secrets are read now.

    Raises:
        ConfigurationError: a secret is missing, or is none of its kind.
    """
    section = project.file.notify
    channels: list[Channel] = []
    if section.webhook is not None:
        channels.append(_webhook(project, section.webhook))
    if section.smtp is not None:
        channels.append(_mail(project, section.smtp))
    return channels


def _webhook(project: Project, section: NotifyWebhook) -> WebhookChannel:
    key = ("notify", "webhook", "secret")
    try:
        return WebhookChannel(section.url, signing_key(project.secret(key, section.secret)))
    except SigningSecretError as error:
        raise project.fault(key, f"{error}.", hint="Let the receiver make one, and give it here too.") from None


def _mail(project: Project, section: NotifySmtp) -> MailChannel:
    password = None
    if section.password is not None:
        password = project.secret(("notify", "smtp", "password"), section.password)
    return MailChannel(
        server=section.host,
        port=section.port,
        sender=section.sender,
        to=tuple(section.to),
        starttls=section.starttls,
        implicit_tls=section.implicit_tls,
        username=section.username,
        password=password,
    )


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells of the runs of one project.

    Attributes:
        channels: from `channels_of`; none tells nobody.
    """

    workspace: Workspace
    channels: tuple[Channel, ...]
    patience: Patience

    async def tell(self, document: Mapping[str, Any]) -> list[Delivery]:
        """Tell of a run by every channel at once, if there is reason to.

        Args:
            document: of the run (`run --json`), or `run`, `status`, `started_at` and `error` of one that failed.

        Returns:
            What came of it, one for each channel; empty when there was nothing to tell, or nobody to be told.

        Raises:
            StateError: the state cannot be used.
        """
        if not self.channels:
            return []
        notice = await self._notice(document)
        if not notice.occasions:
            return []
        message = message_of(notice, self.workspace.project.file.project.locale)
        return await all_of(deliver(channel, message, self.patience) for channel in self.channels)

    async def _notice(self, document: Mapping[str, Any]) -> Notice:
        file = self.workspace.project.file
        unknown = await self.workspace.state.corrections.count(CorrectionFilter(states=CorrectionState.UNKNOWN))
        found = [each["findings"] for each in document.get("entities", {}).values() if each["findings"] is not None]
        occasions = occasions_of(
            status=RunStatus(document["status"]),
            new=sum(counts["new"] for counts in found),
            fail_on=file.run.fail_on.findings,
            unknown=unknown,
            wanted=file.notify.on,
        )
        return notice_of(
            document, project=file.project.name, stage=file.project.stage, occasions=occasions, unknown=unknown
        )


def message_of(notice: Notice, locale: str) -> Message:
    """A notice in every form a channel wants."""
    said, lines = subject(notice, locale), text(notice, locale)
    document = {
        "type": EVENT_TYPE,
        "timestamp": notice.at,
        "data": {**notice.document(), "language": locale, "subject": said, "text": lines},
    }
    return Message(notice.run, said, lines, locale, orjson.dumps(document))


def delivery_document(delivery: Delivery) -> dict[str, Any]:
    """What the record of a run keeps of a delivery."""
    document: dict[str, Any] = {
        "channel": delivery.channel,
        "to": delivery.to,
        "delivered": delivery.delivered,
        "attempts": delivery.attempts,
    }
    if delivery.problem:
        document["problem"] = delivery.problem
    return document
