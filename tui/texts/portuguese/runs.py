"""What the runs say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "runs.none": "Ainda não houve execução.",
    "runs.none_to_do": "Tecle s para iniciar uma: os dois sistemas são lidos, nenhum é alterado.",
    "runs.column.started": "Início",
    "runs.column.status": "Situação",
    "runs.column.seconds": "Segundos",
    "runs.column.new": "Novos",
    "runs.column.open": "Abertos",
    "runs.kind_full": "tudo foi lido",
    "runs.kind_changes": "mudanças foram lidas",
    "runs.took": "levou {seconds} s",
    "runs.by_process": "processo {pid} em {host}",
    "runs.head.side": "Sistema",
    "runs.head.pulled": "Lidos",
    "runs.head.matched": "= casados",
    "runs.head.only_here": "+ só aqui",
    "runs.head.duplicate": "+ duplicados",
    "runs.head.rejected": "+ rejeitados",
    "runs.head.check": "Conta",
    "runs.counts": "{new} novos, {open} abertos, {closed} encerrados",
    "runs.adds_up": "fecha",
    "runs.does_not_add_up": "NÃO fecha",
    "runs.causes": "Achados abertos por causa",
    "runs.reports": "Relatórios",
}
