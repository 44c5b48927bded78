"""What is shipped, as plain documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler.connectors.description import Description, EntitySource, FieldEntry
from reconciler.connectors.load import load_description, read_description, shipped_vendors
from reconciler.connectors.tax.call import TaxCall
from reconciler.connectors.write.description import WriteSource
from reconciler.phrases.phrase import phrase
from reconciler.ports.webhook.settings import WebhookSettings


def vendor_documents() -> list[dict[str, Any]]:
    """One document for each shipped description, by name."""
    return [vendor_document(name, Path.cwd()) for name in shipped_vendors()]


def vendor_document(name: str, folder: Path) -> dict[str, Any]:
    """What one description says, and how far it was verified.

    Raises:
        ConfigurationError: there is no such description, or it is wrong.
    """
    description = load_description(name, folder)
    return {
        "name": description.vendor.name,
        "title": description.vendor.title,
        "roles": list(description.vendor.roles),
        "ports": list(description.vendor.ports),
        "documentation": description.vendor.documentation,
        "credentials": dict(description.vendor.credentials),
        "context": dict(description.vendor.context),
        "webhooks": _webhooks_document(description.webhooks),
        "taxes": _taxes_document(description.taxes),
        "other_taxes": {name: _taxes_document(call) for name, call in description.other_taxes.items()},
        "limits": limits_of(description),
        "entities": {name: _entity_document(source) for name, source in description.entities.items()},
    }


def description_text(name: str, folder: Path) -> str:
    """The description file as written."""
    return read_description(name, folder).text


def limits_of(description: Description) -> list[str]:
    """The limits on calls that a description states, as sentences."""
    http = description.http
    if http is None:
        return []
    limits: list[str] = [
        phrase("at most {calls} calls in {seconds} s", calls=rate.calls, seconds=f"{rate.per_s:g}")
        for rate in http.rates
    ]
    limits.append(phrase("at most {concurrency} calls at once", concurrency=http.concurrency))
    if http.day_budget is not None:
        limits.append(phrase("at most {day_budget} calls a day", day_budget=http.day_budget))
    return limits


def _entity_document(source: EntitySource) -> dict[str, Any]:
    abilities = (
        ("changed since", source.changed),
        ("ids only", source.keys),
        ("one record", source.one),
        ("by key", source.find),
    )
    return {
        "verified": source.verified,
        "note": source.note,
        "id": " + ".join([source.id] if isinstance(source.id, str) else source.id),
        "paging": source.full.paging.kind,
        "details": len(source.details),
        "can": [ability for ability, listing in abilities if listing is not None],
        "fields": {name: place_of(entry) for name, entry in source.fields.items()},
        "lines": {name: place_of(entry) for name, entry in source.lines.fields.items()} if source.lines else {},
        "writes": _writes_document(source.write),
    }


def _webhooks_document(webhooks: WebhookSettings | None) -> dict[str, Any] | None:
    if webhooks is None:
        return None
    return {
        "verified": webhooks.verified,
        "note": webhooks.note,
        "verification": webhooks.verification.kind,
        "secrets": dict(webhooks.secrets),
        "signed_with": webhooks.signed_with,
        "registered_by_us": webhooks.registration is not None,
    }


def _taxes_document(call: TaxCall | None) -> dict[str, Any] | None:
    if call is None:
        return None
    return {
        "verified": call.verified,
        "note": call.note,
        "mode": call.mode,
        "conversation": call.conversation is not None,
        "yields": call.yields,
        "saves": call.saves,
        "prospects": call.prospect is not None,
        "requires": list(call.requires),
        "context": dict(call.context),
        "optional_context": dict(call.optional_context),
    }


def _writes_document(write: WriteSource | None) -> dict[str, Any] | None:
    if write is None:
        return None
    calls = (("create", write.create), ("update", write.update), ("deactivate", write.deactivate))
    return {
        "verified": write.verified,
        "note": write.note,
        "can": [name for name, call in calls if call is not None],
        "guard": None if write.guard is None else write.guard.kind,
    }


def place_of(entry: FieldEntry) -> str:
    """Where a field is, in one short text."""
    if isinstance(entry, str):
        return entry
    paths = entry.path if isinstance(entry.path, list) else [entry.path]
    place = (" + " if entry.join else " or ").join(paths)
    notes = [note for note in (entry.codec, entry.format) if note]
    return f"{place} ({', '.join(notes)})" if notes else place
