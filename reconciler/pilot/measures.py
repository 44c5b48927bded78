"""What is measured every day of a pilot, and what each measure means. Pure; `docs/pilot.md` is made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, Literal

from reconciler.model.pilot import MeasureName

_PLACES: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure.

    Attributes:
        unit: "" for a plain number.
        good: whether a criterion is a highest or a lowest value.
        meaning, meaning_pt: what is counted, and what `sample` is.
    """

    name: MeasureName
    title: str
    title_pt: str
    unit: str
    good: Literal["at_most", "at_least"]
    meaning: str
    meaning_pt: str

    def meets(self, value: Decimal, criterion: Decimal) -> bool:
        """Whether a value reaches a criterion; the criterion itself does."""
        return value <= criterion if self.good == "at_most" else value >= criterion


_ALL: Final = (
    Measure(
        "open_per_1000",
        "Open mismatches per 1,000 records",
        "Divergências abertas por mil registros",
        "‰",
        "at_most",
        "Open findings of records in the scope that both comparisons of the day's last run saw, by 1,000 records of "
        "the scope. Accepted differences do not count. Sample: records, each key once.",
        "Divergências abertas de registros do escopo que as duas comparações da última execução do dia viram, por mil "
        "registros do escopo. Diferenças aceitas não contam. Amostra: registros, cada chave uma vez.",
    ),
    Measure(
        "new_mismatches",
        "New mismatches in the day",
        "Divergências novas no dia",
        "",
        "at_most",
        "Those of them that were first seen on this day. Sample: the open ones.",
        "As que, entre elas, foram vistas pela primeira vez neste dia. Amostra: as abertas.",
    ),
    Measure(
        "verified_percent",
        "Corrections proved",
        "Correções comprovadas",
        "%",
        "at_least",
        "Of the corrections whose last attempt ended on this day, whatever came of it, those that were read back as "
        "written. Sample: those corrections; without any there is no value.",
        "Das correções cuja última tentativa terminou neste dia, seja como for, as que a releitura comprovou. Amostra: "
        "essas correções; sem nenhuma não há valor.",
    ),
    Measure(
        "conflicts",
        "Conflicts",
        "Conflitos",
        "",
        "at_most",
        "Attempts of this day that wrote nothing because somebody had changed the record. Sample: attempts.",
        "Tentativas deste dia que nada gravaram porque alguém tinha alterado o registro. Amostra: tentativas.",
    ),
    Measure(
        "unknown_outcomes",
        "Unknown outcomes",
        "Resultados desconhecidos",
        "",
        "at_most",
        "Corrections that were sent and nobody knows whether they were done, when the day's last run ended. Sample: "
        "all corrections.",
        "Correções que foram enviadas e das quais ninguém sabe se foram feitas, ao terminar a última execução do dia. "
        "Amostra: todas as correções.",
    ),
    Measure(
        "taxes_in_time_percent",
        "Tax answers in time",
        "Respostas de impostos no prazo",
        "%",
        "at_least",
        "Of the open quotes in the scope, those whose taxes the ERP answered, consistently and within "
        "`[taxes] deadline_s`, in the day's last run. Sample: quotes; without any there is no value.",
        "Dos orçamentos abertos do escopo, aqueles cujos impostos o ERP respondeu, sem se contradizer e dentro de "
        "`[taxes] deadline_s`, na última execução do dia. Amostra: orçamentos; sem nenhum não há valor.",
    ),
    Measure(
        "taxes_p95_ms",
        "Tax answers, 95th percentile",
        "Respostas de impostos, percentil 95",
        "ms",
        "at_most",
        "Time from asking to the answer, or to the refusal, that 95 % of these questions stayed within (nearest rank). "
        "Sample: questions.",
        "Tempo da pergunta até a resposta, ou até a recusa, que 95 % dessas perguntas não passaram (posto mais "
        "próximo). Amostra: perguntas.",
    ),
    Measure(
        "tax_drift",
        "Tax drift",
        "Desvio de impostos",
        "R$",
        "at_most",
        "The value at stake in these quotes: how far the taxes they carry are from the ERP's answers, added up without "
        "sign. Sample: quotes that were compared.",
        "O valor em jogo nesses orçamentos: quanto os impostos que trazem se afastam das respostas do ERP, somado sem "
        "sinal. Amostra: orçamentos que foram comparados.",
    ),
    Measure(
        "blockers",
        "Open blockers",
        "Impedimentos abertos",
        "",
        "at_most",
        "Feedback of severity “blocker” that nobody has closed when the day's last run ended. Sample: all feedback.",
        "Comentários de gravidade “impedimento” que ninguém encerrou, ao terminar a última execução do dia. Amostra: "
        "todos os comentários.",
    ),
    Measure(
        "shadow_agreement_percent",
        "Agreement with what people did by hand",
        "Concordância com o que foi feito à mão",
        "%",
        "at_least",
        "Of the changes the product proposed last for each difference in the scope and did not write, where somebody "
        "changed the field in the systems since: those where it now holds what was proposed. Sample: fields changed by "
        "hand; without any there is no value.",
        "Das alterações que o produto propôs por último para cada divergência do escopo e não gravou, onde alguém "
        "alterou o campo nos sistemas desde então: aquelas em que ele agora tem o que foi proposto. Amostra: campos "
        "alterados à mão; sem nenhum não há valor.",
    ),
)
MEASURES: Final[Mapping[MeasureName, Measure]] = {each.name: each for each in _ALL}


def percent(part: int, whole: int) -> Decimal | None:
    """A share in percent, to two decimals; None of nothing."""
    return _rounded(Decimal(100) * part / whole) if whole else None


def per_thousand(part: int, whole: int) -> Decimal | None:
    """A share in thousandths, to two decimals; None of nothing."""
    return _rounded(Decimal(1000) * part / whole) if whole else None


def percentile_95(values: list[int]) -> Decimal | None:
    """The smallest value that at least 95 % of the values do not exceed; None of nothing."""
    if not values:
        return None
    place = -(-95 * len(values) // 100)
    return Decimal(sorted(values)[place - 1])


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_PLACES, ROUND_HALF_EVEN)
