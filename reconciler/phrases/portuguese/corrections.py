"""What is said of corrections: decisions, plans, writing, finding out, taking back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "{person} may not {to_do}.": "{person} não pode {to_do}.",
    "It takes one of the roles {roles}.": "É preciso um dos papéis {roles}.",
    "its plan is not kept any more.": "seu plano não é mais guardado.",
    "the plan was not made in this project's state.": "o plano não foi feito no estado deste projeto.",
    "{closed}.": "{closed}.",
    "it is not approved any more": "não está mais aprovada",
    "Make one with: reconciler corrections plan.": "Faça um com: reconciler corrections plan.",
    "{correction} of {entity} {key} and {more} more": "{correction} de {entity} {key} e mais {more}",
    "{correction} of {entity} {key}": "{correction} de {entity} {key}",
    "`reconciler corrections list` shows them.": "`reconciler corrections list` mostra quais há.",
    "no correction was {done}: {reasons}.": "nenhuma correção foi {done}: {reasons}.",
    "no correction was {done}: none was chosen.": "nenhuma correção foi {done}: nenhuma foi escolhida.",
    "and {others} other reasons": "e mais {others} motivos",
    "nothing says which corrections are meant.": "nada diz quais correções.",
    "nothing says which findings are meant.": "nada diz quais achados.",
    "Name them by id, choose by --entity, --field, --cause, --key or --side, or say --all.": (
        "Indique os ids, escolha com --entity, --field, --cause, --key ou --side, ou diga --all."
    ),
    "it is {state}": "está {state}",
    "is {state}": "está {state}",
    "it is {state}, and was not when this began": "está {state}, e não estava quando isto começou",
    "its content is not what was approved": "o conteúdo não é o que foi aprovado",
    "{number} of {required} approvals are missing or lapsed": "faltam ou venceram {number} de {required} aprovações",
    "the system will not take it: {problems}": "o sistema não vai aceitar: {problems}",
    "the dry run ended before it": "a simulação terminou antes dela",
    "{path} is larger than any plan.": "{path} é maior que qualquer plano.",
    "a dry run keeps nothing.": "uma simulação não guarda nada.",
    "{person} may not propose it anew": "{person} não pode propor de novo",
    "{side}: {there} {entity} have the key {key} of a test record.": (
        "{side}: {there} {entity} têm a chave {key} de um registro de teste."
    ),
    "stage “{stage}” lets no test records be written.": "a etapa “{stage}” não deixa gravar registros de teste.",
    "{side}: {entity} {keys} is no test record.": "{side}: {entity} {keys} não é um registro de teste.",
    "{side}: {entity} cannot be read or written record by record.": (
        "{side}: {entity} não pode ser lido nem gravado registro a registro."
    ),
    "the pilot writes {writes_per_day} records a day, and they are used up": (
        "o piloto grava {writes_per_day} registros por dia, e eles acabaram"
    ),
    "the pilot is from {starts} to {ends}": "o piloto vai de {starts} a {ends}",
    "nobody looked whether it is inside the pilot's scope": "ninguém verificou se está no escopo do piloto",
    "another correction of the same record is to be decided or undone first": (
        "outra correção do mesmo registro tem de ser decidida ou desfeita antes"
    ),
    "the operating-system user {os_user} is nobody in [people] of the project file.": (
        "o usuário {os_user} do sistema operacional não é ninguém em [people] do arquivo do projeto."
    ),
    "this token is nobody in [people] of the project file.": (
        "este token não é de ninguém em [people] do arquivo do projeto."
    ),
    'Add os_users = ["{os_user}"] to the person it is.': 'Acrescente os_users = ["{os_user}"] à pessoa que é.',
    "Add its name to the tokens of a person.": "Acrescente o nome dele aos tokens de uma pessoa.",
    "--as is only for stage “sandbox”.": "--as só vale na etapa “sandbox”.",
    "“{name}” is nobody in [people] of the project file.": "“{name}” não é ninguém em [people] do arquivo do projeto.",
    "a person has a name of 1 to {longest_name_characters} printable characters other than “{ourselves}”.": (
        "uma pessoa tem um nome de 1 a {longest_name_characters} caracteres visíveis, diferente de “{ourselves}”."
    ),
    "In other stages the person is the operating-system user.": (
        "Em outras etapas a pessoa é o usuário do sistema operacional."
    ),
    "correction {seen} is not what was looked at any more.": "a correção {seen} não é mais o que foi visto.",
    "Look at it again.": "Veja de novo.",
    "{field}: “{text}” {reason}.": "{field}: “{text}” {reason}.",
    "nothing says how that is known.": "nada diz como se sabe disso.",
    "Give a reason; it stays in the trail.": "Dê um motivo; ele fica na trilha.",
    "{why}; nothing was sent": "{why}; nada foi enviado",
    "none of these differences is accepted any more.": "nenhuma destas diferenças está mais aceita.",
    "nothing is proposed for these findings that could be rejected.": (
        "nada está proposto para estes achados que possa ser rejeitado."
    ),
    "A difference that may stay is accepted instead.": "Uma diferença que pode ficar é aceita.",
    "corrections are being applied by {who}.": "correções estão sendo aplicadas por {who}.",
    "Wait until that is through, and try again.": "Espere terminar e tente de novo.",
    "Undone by {correction}.": "Desfeita por {correction}.",
    "correction {correction} is {state}; it is not proposed again.": (
        "a correção {correction} está {state}; ela não é proposta de novo."
    ),
    "correction {correction} takes back {undoes}; it is not proposed again.": (
        "a correção {correction} desfaz {undoes}; ela não é proposta de novo."
    ),
    "correction {correction}: a record with the key {key} is there now.": (
        "correção {correction}: agora existe um registro com a chave {key}."
    ),
    "correction of {entity} {key}: the record is not there any more.": (
        "correção de {entity} {key}: o registro não existe mais."
    ),
    "correction of {entity} {key}: the record is so already.": "correção de {entity} {key}: o registro já está assim.",
    "`reconciler corrections undo {undoes}` says whether it still can be undone.": (
        "`reconciler corrections undo {undoes}` diz se ainda pode ser desfeita."
    ),
    "Reconcile again: its differences are found, and can be corrected.": (
        "Reconcilie de novo: as diferenças são achadas e podem ser corrigidas."
    ),
    "correction {correction} is {state}; only proposals are edited.": (
        "a correção {correction} está {state}; só propostas são editadas."
    ),
    "correction {correction} takes a record out of use; there is no value to edit.": (
        "a correção {correction} inativa um registro; não há valor a editar."
    ),
    "correction {correction} does not change {field}.": "a correção {correction} não altera {field}.",
    "Propose it anew and edit that.": "Proponha de novo e edite a nova.",
    "It changes {fromkeys}.": "Ela altera {fromkeys}.",
    "Make a new one with: reconciler corrections plan.": "Faça um novo com: reconciler corrections plan.",
    "the plan does not fit any more: {changed}.": "o plano não serve mais: {changed}.",
    "the plan was changed after it was sealed.": "o plano foi alterado depois de selado.",
    "the plan is of {made_at}, more than 24 hours old.": "o plano é de {made_at}, há mais de 24 horas.",
    "the plan is of {made_at}, which is still to come.": "o plano é de {made_at}, que ainda está por vir.",
    "the project is in another stage": "o projeto está em outra etapa",
    "the project file was changed": "o arquivo do projeto foi alterado",
    "the description was changed: {subjects}": "a descrição foi alterada: {subjects}",
    "not kept any more: {subjects}": "não mais guardadas: {subjects}",
    "of other content now: {subjects}": "agora com outro conteúdo: {subjects}",
    "taken out of the plan: {subjects}": "retiradas do plano: {subjects}",
    "not approved any more: {subjects}": "não mais aprovadas: {subjects}",
    "there is nothing to plan.": "não há nada a planejar.",
    "correction {each} of {entity} {key} {why}.": "a correção {each} de {entity} {key} {why}.",
    "correction {correction} of {entity} {key} {why}.": "a correção {correction} de {entity} {key} {why}.",
    "this is not a plan that can be read: {value}{first}.": "isto não é um plano que se possa ler: {value}{first}.",
    "Set the clocks right, or make a new plan.": "Acerte os relógios, ou faça um plano novo.",
    "Approve corrections first.": "Aprove correções antes.",
    "has problems: {problems}": "tem problemas: {problems}",
    "is not the only one for its record": "não é a única do seu registro",
    "The process that was writing it ended; whether it was done is not known.": (
        "O processo que a gravava terminou; não se sabe se foi feita."
    ),
    "The process that was to write it ended before anything was sent.": (
        "O processo que a gravaria terminou antes de enviar algo."
    ),
    "It was done: the record holds the new values.": "Foi feita: o registro tem os novos valores.",
    "It was not done: the record is what it was.": "Não foi feita: o registro é o que era.",
    "It was not added: there is no record with this key.": "Não foi incluído: não há registro com esta chave.",
    "Whether it was done cannot be seen; written again, it changes nothing that is so already.": (
        "Não se vê se foi feita; gravada de novo, não muda nada do que já está assim."
    ),
    "The record is not there any more.": "O registro não existe mais.",
    "It was done: the record is out of use.": "Foi feita: o registro está inativo.",
    "{person} says that it was written: {because} ({seen})": "{person} diz que foi gravada: {because} ({seen})",
    "{person} says that it was not written: {because} ({seen})": "{person} diz que não foi gravada: {because} ({seen})",
    "Accepted, and it reads back otherwise in {others}.": "Aceita, e a releitura difere em {others}.",
    "Accepted, and it reads back otherwise in {differing}.": "Aceita, e a releitura difere em {differing}.",
    "Accepted.": "Aceita.",
    "Somebody changed {others}; whether our values were there before cannot be told.": (
        "Alguém alterou {others}; não se sabe se os nossos valores estiveram lá."
    ),
    "A record with this key is there, with other values in {others}.": (
        "Há um registro com esta chave, com outros valores em {others}."
    ),
    "correction {correction} is {state}: there is nothing to find out.": (
        "a correção {correction} está {state}: não há nada a descobrir."
    ),
    "correction {correction} is {state}: its outcome is no question.": (
        "a correção {correction} está {state}: o resultado dela não é dúvida."
    ),
    "reading tells by itself what became of correction {correction}: {words}": (
        "a leitura já diz o que houve com a correção {correction}: {words}"
    ),
    "correction {correction} may still be on its way. {words}": (
        "a correção {correction} talvez ainda esteja a caminho. {words}"
    ),
    "`reconciler corrections retry` keeps that.": "`reconciler corrections retry` guarda isso.",
    "Ask again after {again_at}.": "Pergunte de novo depois de {again_at}.",
    "Whether it was done is not known: {problem}": "Não se sabe se foi feita: {problem}",
    "What can follow is: {following}.": "Pode seguir: {following}.",
    "Nothing follows; propose it anew.": "Nada segue; proponha de novo.",
    "correction {correction_id} is {state} and cannot become {to}.": (
        "a correção {correction_id} está {state} e não pode ficar {to}."
    ),
    "is {state}; only what is verified can be undone": "está {state}; só o que está comprovado pode ser desfeito",
    "cannot be undone: the record is not there any more": "não pode ser desfeita: o registro não existe mais",
    "cannot be undone: since then somebody changed {changed}": (
        "não pode ser desfeita: desde então alguém alterou {changed}"
    ),
    "cannot be undone: it wrote nothing, the record was so already": (
        "não pode ser desfeita: não gravou nada, o registro já estava assim"
    ),
    "cannot be undone: it added nothing, the record was there already": (
        "não pode ser desfeita: não incluiu nada, o registro já existia"
    ),
    "cannot be undone: the system cannot take such records out of use": (
        "não pode ser desfeita: o sistema não inativa esses registros"
    ),
    "cannot be undone: {problem}": "não pode ser desfeita: {problem}",
    "cannot be undone: the record is out of use already": "não pode ser desfeita: o registro já está inativo",
    "It was so already; nothing was written.": "Já estava assim; nada foi gravado.",
    "Interrupted while it was being written; whether it was done is not known.": (
        "Interrompida durante a gravação; não se sabe se foi feita."
    ),
    "The system accepted it; it was interrupted before it was read back.": (
        "O sistema aceitou; foi interrompida antes da releitura."
    ),
    "A record with this key was there already, with other values in {others}; nothing was written.": (
        "Já havia um registro com esta chave, com outros valores em {others}; nada foi gravado."
    ),
    "A record with this key was there already, and could not be read: {problem}": (
        "Já havia um registro com esta chave, e não pôde ser lido: {problem}"
    ),
    "A record with this key was there already, with these values.": (
        "Já havia um registro com esta chave, com estes valores."
    ),
    "Accepted, and it could not be read back: {problem}": "Aceita, e não pôde ser relida: {problem}",
    "The system does not take {left_out}.": "O sistema não aceita {left_out}.",
    "{because}: {why}": "{because}: {why}",
    "writes are frozen since {at} UTC: {rule}": "as gravações estão congeladas desde {at} UTC: {rule}",
    "[pilot] is not what it was when the pilot was started": "[pilot] não é o que era quando o piloto começou",
    "{entity} are outside the pilot's scope": "{entity} estão fora do escopo do piloto",
    "its salesperson is outside the pilot's scope": "seu vendedor está fora do escopo do piloto",
    "the pilot's scope lets only some fields of {entity} be written": (
        "o escopo do piloto só deixa gravar alguns campos de {entity}"
    ),
    "it is about more than the pilot's {max_value}, or nobody knows about how much": (
        "trata de mais que os {max_value} do piloto, ou ninguém sabe de quanto"
    ),
    "stage “sandbox” writes to this machine only, and the {side} is elsewhere": (
        "a etapa “sandbox” só grava nesta máquina, e o {side} está em outro lugar"
    ),
    "stage “homologation” writes to test systems only; the {side} is not marked `test = true`": (
        "a etapa “homologation” só grava em sistemas de teste; o {side} não está marcado `test = true`"
    ),
    "its customer is outside the pilot's scope": "seu cliente está fora do escopo do piloto",
    "{outside} of {entity} is outside the pilot's scope": "{outside} de {entity} está fora do escopo do piloto",
    "the clock of this machine is {minutes} minutes behind the latest entry of the audit trail: "
    "approvals that have run out would count again.": (
        "o relógio desta máquina está {minutes} minutos atrás da última entrada da trilha: aprovações "
        "vencidas valeriam de novo."
    ),
    "Set the clock (NTP). Where it is right and was ahead before: reconciler audit confirm-clock --reason TEXT.": (
        "Acerte o relógio (NTP). Se ele está certo e antes estava adiantado: reconciler audit confirm-clock "
        "--reason TEXTO."
    ),
    "nothing says why the clock is right.": "nada diz por que o relógio está certo.",
    "{first} and {others} more": "{first} e mais {others}",
    "there are {most} filters of your own already.": "você já tem {most} filtros próprios.",
    "Remove one that is not needed any more.": "Remova um que não seja mais necessário.",
    "there is a filter “{name}” already.": "já existe um filtro “{name}”.",
    "{path} holds no saved filters.": "{path} não contém filtros salvos.",
    "Move it away, and save them again.": "Mova-o dali e salve-os de novo.",
    "{path} cannot be used: {reason}.": "{path} não pode ser usado: {reason}.",
    "there is no filter “{name}” of your own.": "você não tem o filtro “{name}”.",
    "`reconciler findings filters list` shows them.": "`reconciler findings filters list` mostra quais há.",
    "a filter has a name of 1 to {longest} printable characters.": (
        "um filtro tem um nome de 1 a {longest} caracteres visíveis."
    ),
    "“{name}” is the name of a usual filter.": "“{name}” é o nome de um filtro usual.",
    "the filter “{name}” names what there is not.": "o filtro “{name}” cita o que não existe.",
}
