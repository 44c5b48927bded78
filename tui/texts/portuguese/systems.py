"""What the systems say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "systems.none": "Nada foi perguntado ainda.",
    "systems.none_to_do": "Tecle c: leem-se algumas páginas de cada entidade nos dois sistemas; nada é gravado.",
    "systems.checking": "Perguntando aos dois sistemas … Esc desiste.",
    "systems.checked_at": "Perguntado em {at}",
    "systems.partial": "nem tudo pode ser lido: {systems}",
    "systems.grade": "nota {grade}",
    "systems.ports": "Portas de comunicação",
    "systems.calls": "Chamadas",
    "systems.rate": "{calls} em {seconds} s",
    "systems.no_rate": "sem limite",
    "systems.throttle": "ritmo: {rates}; {concurrency} ao mesmo tempo",
    "systems.sent": "enviadas nesta verificação: {requests} ({retries} de novo); espera pelo ritmo: {waited}",
    "systems.blocked": "chamadas recusadas até {until}",
    "systems.breaker": "disjuntor: {state} ({errors} erros seguidos)",
    "systems.breaker_open": "aberto, ninguém pergunta",
    "systems.breaker_closed": "fechado",
    "systems.entities": "Entidades",
    "systems.head.entity": "Entidade",
    "systems.head.read": "Lidos",
    "systems.head.total": "De",
    "systems.head.rejected": "Rejeitados",
    "systems.head.verified": "Conferência",
    "systems.head.can": "Permite",
    "systems.unreadable": "{field} ilegível em {count}",
    "systems.limits": "O que limita a integração",
    "systems.no_limits": "Nada foi encontrado.",
    "systems.desk": "Balcão de impostos",
    "systems.desk_unused": "Nenhum imposto foi perguntado nesta sessão (4).",
    "systems.desk_at": "Como estava em {at}",
    "systems.desk_limits": "prazo: {deadline} s; {at_once} perguntas ao mesmo tempo",
    "systems.desk_breaker": "disjuntor: {state} ({failures} falhas seguidas)",
    "systems.desk_retry": "ninguém pergunta por {seconds} s",
    "systems.circuit.closed": "fechado",
    "systems.circuit.open": "aberto, ninguém pergunta",
    "systems.circuit.half_open": "meio aberto, uma pergunta tenta",
    "systems.desk_sent": "enviadas pela última resposta: {requests} ({retries} de novo); espera pelo ritmo: {waited}",
}
