"""What happened and what to do, for every code of the error tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "error.why": "Por quê: {why}",
    "error.to_do": "O que fazer: {to_do}",
    "error.nothing_to_do": "tecle r para tentar de novo.",
    "error.code": "Código a citar: {code}",
    "error.other.what": "Não foi possível.",
    "error.defect.what": "Algo deu errado que não deveria.",
    "error.defect.to_do": (
        "Nada do que já estava gravado se perdeu. Tecle r para tentar de novo; se persistir, relate com o código."
    ),
    "error.reconciler_error.what": "Não foi possível.",
    "error.configuration.what": "A configuração está errada.",
    "error.configuration.to_do": "Corrija o arquivo, saia e abra de novo.",
    "error.toml.what": "Uma linha da configuração está errada.",
    "error.toml.to_do": "Corrija a linha, saia e abra de novo.",
    "error.secret_missing.what": "Uma credencial não está onde o projeto diz.",
    "error.secret_missing.to_do": "Coloque-a lá, saia e abra de novo.",
    "error.refused.what": "Não é permitido.",
    "error.wrong_quote.what": "Não se pode perguntar impostos deste orçamento.",
    "error.system_read.what": "Não foi possível ler um sistema.",
    "error.system_read.to_do": "Veja Sistemas e tecle r para tentar de novo.",
    "error.unreachable.what": "Não se chega a um sistema.",
    "error.unreachable.to_do": "Veja a rede e o endereço e tecle r para tentar de novo.",
    "error.timeout.what": "Um sistema não respondeu a tempo.",
    "error.timeout.to_do": "Tecle r para tentar de novo.",
    "error.credentials_refused.what": "Um sistema não aceita nossas credenciais.",
    "error.credentials_refused.to_do": "Renove-as onde o arquivo do projeto diz que estão.",
    "error.blocked.what": "Um sistema pede que fiquemos longe por enquanto.",
    "error.blocked.to_do": "Espere até a hora que ele diz.",
    "error.response_not_understood.what": "Um sistema respondeu algo que não está descrito.",
    "error.response_not_understood.to_do": "Veja Sistemas; a descrição talvez precise mudar.",
    "error.vendor_fault.what": "Um sistema respondeu com um erro próprio.",
    "error.vendor_fault.to_do": "Tecle r para tentar de novo; se persistir, fale com quem cuida do sistema.",
    "error.page_drift.what": "Registros mudaram de lugar durante a leitura.",
    "error.page_drift.to_do": "Tecle r para tentar de novo numa hora mais calma.",
    "error.tax_answer.what": "Os impostos respondidos se contradizem. Nenhum é mostrado.",
    "error.tax_answer.to_do": "Fale com quem cuida do ERP; nada foi adivinhado.",
    "error.write.what": "Um registro não foi gravado.",
    "error.not_writable.what": "Um registro não pode ser gravado. Nada foi enviado.",
    "error.superseded.what": "O registro mudou depois da decisão. Nada foi gravado.",
    "error.superseded.to_do": "Veja de novo e decida outra vez.",
    "error.write_refused.what": "O sistema recusou o registro.",
    "error.outcome_unknown.what": "Foi enviado, e ninguém sabe dizer se foi feito.",
    "error.outcome_unknown.to_do": "Veja o registro no sistema; ele é lido de novo antes de qualquer outra gravação.",
    "error.state.what": "O estado local não pode ser usado.",
    "error.state.to_do": "Tecle r para tentar de novo.",
    "error.engine_missing.what": "O motor de comparação não está aqui.",
    "error.engine_missing.to_do": "Instale-o, ou use o motor usual no arquivo do projeto.",
    "error.engine_failed.what": "O motor de comparação falhou.",
    "error.engine_failed.to_do": "Nada do que já estava gravado se perdeu. Veja o registro dele, ou use o motor usual.",
}
