"""Telling that a stop rule froze writes: to the same people, by the same ways, as a run is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from reconciler.app.concurrently import all_of
from reconciler.model.pilot import Freeze
from reconciler.ports.notices.delivery import Channel, Delivery, Message, Patience, deliver
from reconciler.project import Project
from reconciler.reports.documents import instant

EVENT_TYPE: Final = "reconciler.frozen"


@dataclass(frozen=True, slots=True)
class _Words:
    """`{name}` marks what is filled in."""

    subject: str
    text: str


_WORDS: Final = {
    "en": _Words(
        "[{project}] writes are frozen",
        "A stop rule of the pilot of {project} fired at {at}:\n{rule}\n\nNothing is written until somebody lifts it: "
        "reconciler pilot lift --reason TEXT.\n",
    ),
    "pt-BR": _Words(
        "[{project}] as gravações estão congeladas",
        "Uma regra de parada do piloto de {project} disparou em {at}:\n{rule}\n\nNada é gravado até que alguém a "
        "levante: reconciler pilot lift --reason TEXTO.\n",
    ),
}


async def tell_frozen(
    project: Project, channels: Sequence[Channel], freeze: Freeze, patience: Patience
) -> list[Delivery]:
    """Tell everybody `[notify]` names, whatever else they want to be told of. One delivery for each channel."""
    message = frozen_message(project, freeze)
    return await all_of(deliver(channel, message, patience) for channel in channels)


def frozen_message(project: Project, freeze: Freeze) -> Message:
    """A freeze in every form a channel wants. The rule holds names of measures and numbers, nothing of a record."""
    section = project.file.project
    words, name, at = _WORDS[section.locale], " ".join(section.name.split()), instant(freeze.at)
    filled = {"project": name, "at": at, "rule": freeze.rule}
    subject, text = words.subject.format(**filled), words.text.format(**filled)
    data = {**filled, "language": section.locale, "subject": subject, "text": text}
    document = {"type": EVENT_TYPE, "timestamp": at, "data": data}
    return Message(f"frozen-{freeze.number}", subject, text, section.locale, orjson.dumps(document))
