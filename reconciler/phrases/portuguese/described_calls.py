"""What is said of calls in the description of a system: requests, webhooks, writes, taxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "must be an address that begins with https:// or http://": (
        "tem de ser um endereço que começa com https:// ou http://"
    ),
    "has no condition, and would decide about every answer": "não tem condição, e decidiria sobre toda resposta",
    "{status} is not an HTTP status": "{status} não é um status de HTTP",
    "is not a path into the answer: names and positions with dots between, as in `result.0.name`": (
        "não é um caminho na resposta: nomes e posições separados por pontos, como em `result.0.name`"
    ),
    "never uses record.*, and would give the same detail for every record": (
        "nunca usa record.*, e daria o mesmo detalhe para todo registro"
    ),
    "never uses {given}, and would give the same records for every one": (
        "nunca usa {given}, e daria os mesmos registros para cada um"
    ),
    "holds a `$` name inside a text": "traz um nome com `$` dentro de um texto",
    "Inside a text a reference is written {{name}}.": "Dentro de um texto, uma referência se escreve {{name}}.",
    "`{found}` is not a reference": "`{found}` não é uma referência",
    "A reference is written {{name}}, without spaces.": "Uma referência se escreve {{name}}, sem espaços.",
    "is asked for, and no request uses it": "é pedido, e nenhuma chamada o usa",
    "refers to {name}, which is not known here": "refere-se a {name}, que não é conhecido aqui",
    "refers to {found}, which is not known here": "refere-se a {found}, que não é conhecido aqui",
    "never uses page.{mark}, so every page would be the first": (
        "nunca usa page.{mark}, e assim toda página seria a primeira"
    ),
    'Put "$page.{mark}" where the system expects it.': 'Ponha "$page.{mark}" onde o sistema o espera.',
    "needs refresh_token, the first one": "precisa de refresh_token, o primeiro",
    'Add refresh_token = "$credentials.refresh_token".': 'Acrescente refresh_token = "$credentials.refresh_token".',
    "is not a regular expression: {error}": "não é uma expressão regular: {error}",
    "has {groups} groups; it needs exactly one, for the seconds": (
        "tem {groups} grupos; precisa de exatamente um, para os segundos"
    ),
    "Example: (\\d+) segundos": "Exemplo: (\\d+) segundos",
    "has equals or missing, and no at to say where to look": "tem equals ou missing, e nenhum at que diga onde olhar",
    "adds fields to JSON bodies, and the format is {format}": "acrescenta campos a corpos JSON, e o formato é {format}",
    "Refer to the credentials in the bodies, or in soap.header.": (
        "Refira-se às credenciais nos corpos, ou em soap.header."
    ),
    "is for SOAP, and the format is {format}": "é para SOAP, e o formato é {format}",
    'Set format = "soap".': 'Ponha format = "soap".',
    "the prefix {prefix} {reserved}": "o prefixo {prefix} {reserved}",
    "belongs to XML itself and needs no declaration": "é do próprio XML e dispensa declaração",
    "belongs to XML itself": "é do próprio XML",
    "is the envelope's own": "é do próprio envelope",
    "Choose another prefix.": "Escolha outro prefixo.",
    "is empty; a namespace is a text such as urn:example:erp": (
        "está vazio; um namespace é um texto como urn:example:erp"
    ),
    "is not a prefix that XML allows": "não é um prefixo que o XML permita",
    "Declare it under http.xml.namespaces.": "Declare-o em http.xml.namespaces.",
    "holds a quotation mark or a control character, which end the header it is sent in": (
        "contém aspas ou um caractere de controle, que encerram o cabeçalho em que é enviado"
    ),
    "has the header of http.soap, which refers to a session that is not open yet": (
        "tem o cabeçalho de http.soap, que se refere a uma sessão que ainda não foi aberta"
    ),
    "Give it one of its own: header = {{}}.": "Dê-lhe um próprio: header = {{}}.",
    "says nothing of an envelope, and the format is SOAP": "não fala de envelope, e o formato é SOAP",
    "Add soap = {{ body = {{ … }} }}.": "Acrescente soap = {{ body = {{ … }} }}.",
    "is not sent where the format is SOAP": "não é enviado onde o formato é SOAP",
    "Put it into soap.body.": "Ponha-o em soap.body.",
    "a SOAP call is a POST": "uma chamada SOAP é um POST",
    "must have one member, the operation": "tem de ter um só membro, a operação",
    "must be a table with one member, the root element": "tem de ser uma tabela com um só membro, o elemento raiz",
    "has a list as root element; there can be only one": "tem uma lista como elemento raiz; só pode haver um",
    "lists webhook, and there is no table webhooks": "cita webhook, e não há a tabela webhooks",
    "does not list webhook, and there is a table webhooks": "não cita webhook, e há a tabela webhooks",
    "needs a system that can be asked for one record; files cannot be asked": (
        "precisa de um sistema ao qual se possa pedir um registro; a arquivos não se pede"
    ),
    "there is no entity {entity}": "não há a entidade {entity}",
    "{entity} has no listing `one`, and a hint about one record would lead nowhere": (
        "{entity} não tem a listagem `one`, e um aviso sobre um registro não levaria a nada"
    ),
    "is a credential of calls already; a secret that only webhooks need has a name of its own": (
        "já é uma credencial das chamadas; um segredo só dos webhooks tem nome próprio"
    ),
    "One that calls need too is named as signed_with.": (
        "Um de que as chamadas também precisam é nomeado em signed_with."
    ),
    "names no credential of calls: {signed_with}": "não nomeia uma credencial das chamadas: {signed_with}",
    "names no credential: {secret}": "não nomeia uma credencial: {secret}",
    "has nothing to be compared with": "não tem com que ser comparado",
    "List a credential under webhooks.secrets.": "Cite uma credencial em webhooks.secrets.",
    "needs a secret, and none is listed": "precisa de um segredo, e nenhum é citado",
    "never holds {{body}}: anybody could send another one with an old signature": (
        "nunca contém {{body}}: qualquer um poderia enviar outro com uma assinatura antiga"
    ),
    "the timestamp must be declared, and be a part of what is signed, or neither": (
        "o horário tem de ser declarado e fazer parte do que é assinado, ou nenhum dos dois"
    ),
    "Anybody could write a new one if it is not signed.": "Qualquer um poderia escrever outro, se não for assinado.",
    "refers to delivery_id, and webhooks.events.delivery_id names no header": (
        "refere-se a delivery_id, e webhooks.events.delivery_id não nomeia um cabeçalho"
    ),
    "give exactly one of header, body and query": "informe exatamente um entre header, body e query",
    "is empty": "está vazio",
    "is not the name of a header": "não é o nome de um cabeçalho",
    "is not a path into the payload: names and positions with dots between, as in `data.0.id`": (
        "não é um caminho no conteúdo: nomes e posições separados por pontos, como em `data.0.id`"
    ),
    "lacks {missing}, which another event has": "não tem {missing}, que outro evento tem",
    "never uses {name}, and {consequence}": "nunca usa {name}, e {consequence}",
    "would not say which record": "não diria qual registro",
    "would find what others began": "acharia o que outros começaram",
    "would change nothing": "não mudaria nada",
    "would add nothing": "não acrescentaria nada",
    "would read the same record every time": "leria sempre o mesmo registro",
    "giving up must not delete": "desistir não pode excluir",
    "deactivating must not delete": "desativar não pode excluir",
    "Nothing is ever deleted.": "Nada é excluído, nunca.",
    "nothing of the new record says by which create it was begun": (
        "nada no registro novo diz por qual create ele foi começado"
    ),
    'Put "$idempotency" at a field of the record under defaults, and ask for it in begun.': (
        'Ponha "$idempotency" em um campo do registro, em defaults, e pergunte por ele em begun.'
    ),
    "{name} is not taken": "{name} não é extraído",
    "is not a field of this entity": "não é um campo desta entidade",
    "{name} is not a field of this entity": "{name} não é um campo desta entidade",
    "is for texts; this field is none": "é para textos; este campo não é um",
    "`text` is for numbers; this field is none": "`text` é para números; este campo não é um",
    "is for documents; this field is none": "é para documentos; este campo não é um",
    "goes with cpf_path, which is not there": "acompanha cpf_path, que não está aí",
    "must stand for {wanted}": "tem de representar {wanted}",
    "must be {wanted}": "tem de ser {wanted}",
    "goes without leaves: what left the entity is not read": (
        "não combina com leaves: o que saiu da entidade não é lido"
    ),
    "the entity is described without lines": "a entidade é descrita sem linhas",
    "{name} is read at `{path}`, inside a list, and nothing says how the list is written": (
        "{name} é lido em `{path}`, dentro de uma lista, e nada diz como a lista é gravada"
    ),
    "Name the list in merge, give the field a path under update.fields, or name it in read_only.": (
        "Cite a lista em merge, dê ao campo um path em update.fields, ou cite-o em read_only."
    ),
    "must name a list or object, not one element of a list": (
        "tem de nomear uma lista ou um objeto, e não um elemento de uma lista"
    ),
    "a GET writes nothing": "um GET não grava nada",
    'Add method = "POST", or what the system wants.': 'Acrescente method = "POST", ou o que o sistema quer.',
    "holds a reference inside a text; here it must be the whole value, as in $current.name": (
        "traz uma referência dentro de um texto; aqui ela tem de ser o valor inteiro, como em $current.name"
    ),
    "nothing cannot equal something: missing and equals exclude each other": (
        "nada não pode ser igual a algo: missing e equals se excluem"
    ),
    "nothing says how one record is read, before and after it is written": (
        "nada diz como se lê um registro, antes e depois de gravado"
    ),
    "Add the listing `one` to the entity, or `read` to its writes.": (
        "Acrescente a listagem `one` à entidade, ou `read` às gravações."
    ),
    "has both at and table, and can be only one of them": "tem at e table, e só pode ser um dos dois",
    "does not say where the stamp is": "não diz onde está o carimbo",
    'Add at = "…", the path of it in a record.': 'Acrescente at = "…", o caminho dele em um registro.',
    "the ETag header comes with an answer to `read`, which is not described": (
        "o cabeçalho ETag vem com uma resposta a `read`, que não está descrito"
    ),
    "a lost answer would lead to a second record: nothing finds the first one": (
        "uma resposta perdida levaria a um segundo registro: nada acha o primeiro"
    ),
    "Add the listing `find`, or send $idempotency where the system recognises it.": (
        "Acrescente a listagem `find`, ou envie $idempotency onde o sistema o reconhece."
    ),
    "would overwrite what somebody else changed meanwhile": "sobrescreveria o que outra pessoa mudou nesse meio-tempo",
    "are chosen instead of taxes, and there is none": "são escolhidas no lugar de taxes, que não há",
    "taxes are asked for over HTTP, with a body that is a table": (
        "os tributos são pedidos por HTTP, com um corpo que é uma tabela"
    ),
    "taxes are asked of an ERP, and this system is none": "os tributos são pedidos a um ERP, e este sistema não é um",
    "must be a value of the ERP context as a whole": "tem de ser um valor inteiro do contexto do ERP",
    'Example: "$context.name".': 'Exemplo: "$context.name".',
    "Declare it in taxes.context.": "Declare-o em taxes.context.",
    "refers to {name}, and the description has no {entity} to find it in": (
        "refere-se a {name}, e a descrição não tem {entity} onde achá-lo"
    ),
    "refers to {name}, which a prospect has not": "refere-se a {name}, que um cliente em prospecção não tem",
    "needs the listing `find` of {entity}, which gives the record": (
        "precisa da listagem `find` de {entity}, que dá o registro"
    ),
    "must be a table": "tem de ser uma tabela",
    "never uses lines, and would ask about none": "nunca usa lines, e não perguntaria sobre nenhuma",
    'Put "$lines" in it.': 'Ponha "$lines" nele.',
    "is for calls about the whole document; here each item is a call": (
        "é para chamadas sobre o documento inteiro; aqui cada item é uma chamada"
    ),
    "would not say which product": "não diria qual produto",
    "would not say how many": "não diria quantos",
    "would not say at what price": "não diria a que preço",
    "would ignore the discount": "ignoraria o desconto",
    "is asked for, and the call does not use it": "é pedido, e a chamada não o usa",
    "are sent by a conversation, and none is named": "são enviados por uma conversa, e nenhuma é citada",
    "there is no hook “{conversation}”": "não há o gancho “{conversation}”",
    "is about a whole document of a registered customer": "é sobre um documento inteiro de um cliente cadastrado",
    "the conversation sends {name}, which is missing here": "a conversa envia {name}, que falta aqui",
    "is never sent by this conversation": "nunca é enviado por esta conversa",
    "a draft must be removed again": "um rascunho tem de ser removido depois",
    "Add [taxes.draft].": "Acrescente [taxes.draft].",
    'is for calls that save one (saves = "draft")': 'é para chamadas que gravam um (saves = "draft")',
    "one draft is saved by one request about the whole document": (
        "um rascunho é gravado por uma chamada sobre o documento inteiro"
    ),
    "does not say which draft": "não diz qual rascunho",
    'Put "$draft.id" in it.': 'Ponha "$draft.id" nele.',
    "draft.mark must be in the request that saves the draft, and in this one": (
        "draft.mark tem de estar na chamada que grava o rascunho, e nesta"
    ),
    "needs either listed or columns, which say where the taxes of a line are": (
        "precisa de listed ou de columns, que dizem onde estão os tributos de uma linha"
    ),
    "{name} is not sent with a line": "{name} não é enviado com uma linha",
    "{name} is not sent, and so not known": "{name} não é enviado, e por isso não é conhecido",
    "a call about one item needs no id to be matched": "uma chamada sobre um item não precisa de id para ser casada",
    "can come back only if line.id or line.number is sent": "só pode voltar se line.id ou line.number for enviado",
    "nothing proves which line of the answer is about which line of the quote": (
        "nada prova qual linha da resposta é de qual linha do orçamento"
    ),
    'Add the product to echoes, as in {{ code = "line.sku" }}, or the path of the id that was sent.': (
        'Acrescente o produto a echoes, como em {{ code = "line.sku" }}, ou o caminho do id enviado.'
    ),
    "nothing says whether the price already holds it": "nada diz se o preço já o contém",
    'Add charge = "in_price", "added" or "informative".': 'Acrescente charge = "in_price", "added" ou "informative".',
    "is not one of kinds": "não é um de kinds",
    "does not say where the amount is": "não diz onde está o valor",
    "a call that yields rates has a rate and no amount": "uma chamada que dá alíquotas tem alíquota e não valor",
    "a call about one item has no totals of the document": "uma chamada sobre um item não tem totais do documento",
    "names kinds as listed.kinds does, and there is none": "nomeia tipos como listed.kinds, que não há",
}
