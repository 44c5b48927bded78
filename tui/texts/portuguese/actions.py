"""Labels and sentences of the actions of the house."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "action.go.overview": "Hoje",
    "action.go.overview.help": "A saúde dos dois sistemas e o que fazer agora.",
    "action.go.runs": "Execuções",
    "action.go.runs.help": "O histórico de execuções e a que está em curso.",
    "action.go.systems": "Sistemas",
    "action.go.systems.help": "O que limita a integração, perguntado aos dois sistemas.",
    "action.go.audit": "Trilha",
    "action.go.audit.help": "Quem fez o quê, e se a trilha está íntegra.",
    "action.overview.open": "Abrir",
    "action.overview.open.help": "Ir para onde se resolve a linha escolhida.",
    "action.runs.start": "Executar",
    "action.runs.start.help": "Lê o que mudou nos dois sistemas e compara.",
    "action.runs.start_full": "Execução completa",
    "action.runs.start_full.help": "Lê tudo nos dois sistemas e compara.",
    "action.runs.cancel": "Parar execução",
    "action.runs.cancel.help": "Para a execução iniciada aqui; o que já gravou fica.",
    "action.runs.show": "Detalhes",
    "action.runs.show.help": "Cada registro contado, achados por causa, relatórios.",
    "action.systems.check": "Verificar",
    "action.systems.check.help": "Sonda os dois sistemas sem gravar nada.",
    "action.audit.verify": "Conferir",
    "action.audit.verify.help": "Prova que nenhuma entrada foi mudada, tirada ou posta.",
    "action.app.refresh": "Atualizar",
    "action.app.refresh.help": "Lê de novo o que está na tela.",
    "action.app.activity": "Atividades",
    "action.app.activity.help": "O que foi feito aqui, com os comandos equivalentes.",
    "action.app.theme": "Cores",
    "action.app.theme.help": "Alterna entre escuras, claras, para daltônicos e alto contraste.",
    "action.app.help": "Teclas",
    "action.app.help.help": "Todas as teclas deste lugar.",
    "action.app.palette": "Comandos",
    "action.app.palette.help": "Procura pelo nome o que se pode fazer aqui.",
    "action.app.back": "Voltar",
    "action.app.back.help": "Um passo atrás, no fim até a visão geral.",
    "action.app.quit": "Sair",
    "action.app.quit.help": "Sai; pergunta antes se há execução em curso aqui.",
}
