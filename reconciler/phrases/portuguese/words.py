"""Parts of sentences: states, acts, and how an error names its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "{place}: {problem}": "{place}: {problem}",
    "{system}: {message}": "{system}: {message}",
    "{system}: {record}: {message}": "{system}: {record}: {message}",
    "{why} ({records})": "{why} ({records})",
    "{place} {problem}.": "{place} {problem}.",
    "proposed": "proposta",
    "approved": "aprovada",
    "rejected": "rejeitada",
    "planned": "planejada",
    "applying": "em gravação",
    "applied": "aplicada",
    "verified": "comprovada",
    "superseded": "ultrapassada",
    "refused": "recusada",
    "failed": "falhada",
    "undone": "desfeita",
    "unknown": "de resultado desconhecido",
    "tried again": "tentada de novo",
    "taken back": "desfeita",
    "withdrawn": "retirada",
    "apply corrections": "aplicar correções",
    "edit corrections": "editar correções",
    "approve corrections": "aprovar correções",
    "reject corrections": "rejeitar correções",
    "settle unknown outcomes": "encerrar resultados desconhecidos",
    "undo corrections": "desfazer correções",
    "withdraw approvals": "retirar aprovações",
    "withdraw acceptances": "retirar aceites",
    "plan corrections": "planejar correções",
    "propose corrections": "propor correções",
    "try corrections again": "tentar correções de novo",
    "accept differences": "aceitar diferenças",
    "confirm the clock": "confirmar o relógio",
    "a defect ({kind})": "um defeito ({kind})",
}
