"""What is said of stages and of the pilot week."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "the project file has no [pilot].": "o arquivo do projeto não tem [pilot].",
    "docs/pilot.md shows one.": "docs/pilot.md mostra um.",
    "no pilot was started.": "nenhum piloto foi iniciado.",
    "Start it with: reconciler pilot start.": "Inicie com: reconciler pilot start.",
    "[pilot] is not what it was when the pilot was started.": "[pilot] não é o que era quando o piloto começou.",
    "Put it back as it was, or declare it anew with: reconciler pilot start --reason TEXT.": (
        "Deixe como era, ou declare de novo com: reconciler pilot start --reason TEXTO."
    ),
    "{person} does not sign this pilot.": "{person} não assina este piloto.",
    "Those who do: {people}.": "Quem assina: {people}.",
    "the pilot is not over yet.": "o piloto ainda não terminou.",
    "The pilot lasts until {day}.": "O piloto dura até {day}.",
    "that is not the content of the scorecard as it is now.": "esse não é o conteúdo do placar como está agora.",
    "Look at it again; give at least {digits} digits of its content.": (
        "Olhe de novo; dê pelo menos {digits} dígitos do conteúdo."
    ),
    "feedback is a text of 1 to {most} characters.": "um comentário é um texto de 1 a {most} caracteres.",
    "there is no severity “{severity}”.": "não há a gravidade “{severity}”.",
    "a record is named by its entity and its key.": "um registro é indicado pela entidade e pela chave.",
    "a key has at most {most} characters.": "uma chave tem no máximo {most} caracteres.",
    "nothing says what became of it.": "nada diz o que foi feito.",
    "Give an answer; it stays with the feedback.": "Dê uma resposta; ela fica com o comentário.",
    "the project is in the highest stage, “{stage}”, already.": "o projeto já está no estágio mais alto, “{stage}”.",
    "the project is not promoted to “{stage}”: {reasons}.": "o projeto não é promovido a “{stage}”: {reasons}.",
    "`reconciler pilot status` lists what is missing.": "`reconciler pilot status` lista o que falta.",
    "the project stands at “{stage}”, and falls back only to what is below.": (
        "o projeto está em “{stage}” e só recua para o que está abaixo."
    ),
    "this pilot is started already.": "este piloto já foi iniciado.",
    "the pilot was started with another declaration.": "o piloto foi iniciado com outra declaração.",
    "Put [pilot] back as it was, or declare it anew with --reason: days and signatures begin anew too.": (
        "Deixe [pilot] como era, ou declare de novo com --reason: dias e assinaturas também recomeçam."
    ),
    "nothing says why.": "nada diz por quê.",
    "what is approved was not gone through: {error}": "o que foi aprovado não foi ensaiado: {error}",
    "the freeze was not told to {channel}: {problem}.": "{channel} não foi avisado do congelamento: {problem}.",
    "taxes of quotes were not asked for: {why}.": "os impostos dos orçamentos não foram consultados: {why}.",
    "taxes of quotes were not asked for: {error}": "os impostos dos orçamentos não foram consultados: {error}",
    "stage “{stage}” was given to other systems, or to another state, than are named now": (
        "o estágio “{stage}” foi dado a outros sistemas, ou a outro estado, que não os indicados agora"
    ),
    "nobody has promoted the project to stage “{stage}” yet": "ninguém promoveu ainda o projeto ao estágio “{stage}”",
    "the {side} is not marked `test = true`": "o {side} não está marcado com `test = true`",
    "from “{stage}” the next stage is “{next_stage}”": "de “{stage}” o próximo estágio é “{next_stage}”",
    "the project file says stage “{stage}”; write stage = “{target}” there first": (
        "o arquivo do projeto diz estágio “{stage}”; escreva antes stage = “{target}” nele"
    ),
    "the environment of this process says stage “{stage}”": "o ambiente deste processo diz estágio “{stage}”",
    "writes are frozen: {rule}": "as gravações estão congeladas: {rule}",
    (
        "corrections are approved, planned, being written or of unknown outcome ({count}): a stage "
        "begins with nothing allowed"
    ): (
        "há correções aprovadas, planejadas, sendo gravadas ou de resultado desconhecido ({count}): um "
        "estágio começa sem nada permitido"
    ),
    "no run of the last {hours} hours compared everything": "nenhuma execução das últimas {hours} horas comparou tudo",
    "[people] names nobody, so that everybody may do everything": (
        "[people] não nomeia ninguém, e assim todos podem tudo"
    ),
    "nobody in [people] has the role {role}": "ninguém em [people] tem o papel {role}",
    "no correction was written and proved in stage “homologation”": (
        "nenhuma correção foi gravada e comprovada no estágio “homologation”"
    ),
    "no pilot was started (reconciler pilot start)": "nenhum piloto foi iniciado (reconciler pilot start)",
    "the pilot ended on {day}": "o piloto terminou em {day}",
    "the scorecard says “{verdict}”: {why}": "o placar diz “{verdict}”: {why}",
    "{person} has not signed the scorecard": "{person} não assinou o placar",
    "{day}: nothing was run": "{day}: nada foi executado",
    "{day}: {what} was not measured": "{day}: {what} não foi medido",
    "{day}: {what} {value}, at most {criterion} was agreed": (
        "{day}: {what} {value}; o combinado era no máximo {criterion}"
    ),
    "{day}: {what} {value}, at least {criterion} was agreed": (
        "{day}: {what} {value}; o combinado era no mínimo {criterion}"
    ),
    "{what}: there was nothing to measure on any working day": "{what}: não houve o que medir em nenhum dia útil",
    "Writes are frozen: {rule}": "As gravações estão congeladas: {rule}",
    "The scenario “{name}” failed when it was last played": (
        "O cenário “{name}” falhou quando foi executado por último"
    ),
    "Every criterion was met on every working day": "Todos os critérios foram cumpridos em todos os dias úteis",
    "The pilot lasts until {day}": "O piloto dura até {day}",
    "{what}: {value}, above {bound}": "{what}: {value}, acima de {bound}",
    "{what}: {value}, below {bound}": "{what}: {value}, abaixo de {bound}",
    "Open mismatches per 1,000 records": "Divergências abertas por mil registros",
    "New mismatches in the day": "Divergências novas no dia",
    "Corrections proved": "Correções comprovadas",
    "Conflicts": "Conflitos",
    "Unknown outcomes": "Resultados desconhecidos",
    "Tax answers in time": "Respostas de impostos no prazo",
    "Tax answers, 95th percentile": "Respostas de impostos, percentil 95",
    "Tax drift": "Desvio de impostos",
    "Open blockers": "Impedimentos abertos",
    "Agreement with what people did by hand": "Concordância com o que foi feito à mão",
    "play scenarios": "executar cenários",
    "play scenarios that correct": "executar cenários que corrigem",
    "it writes test records, and stage “{stage}” is about real ones": (
        "ele grava registros de teste, e o estágio “{stage}” trata de registros reais"
    ),
}
