"""What the trail says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "audit.none": "A trilha está vazia.",
    "audit.none_to_do": "Toda decisão, plano e gravação estará nela, com quem e quando.",
    "audit.not_verified": "Não conferida nesta sessão: V prova a trilha inteira.",
    "audit.verifying": "Lendo a trilha inteira …",
    "audit.whole.one": "{count} entrada, como foi escrita",
    "audit.whole.other": "{count} entradas, todas como foram escritas",
    "audit.broken.one": "{count} entrada, NÃO como foi escrita",
    "audit.broken.other": "{count} entradas, NÃO como foram escritas",
    "audit.head": "cabeça {digest}",
    "audit.digest": "resumo {digest}…",
    "audit.column.number": "Nº",
    "audit.column.at": "Quando",
    "audit.column.person": "Quem",
    "audit.column.act": "Ato",
    "audit.column.subject": "Objeto",
}
