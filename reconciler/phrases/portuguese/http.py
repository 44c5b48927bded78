"""What is said when a system is called over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "The system asks for credentials and the description declares none.": (
        "O sistema pede credenciais e a descrição não declara nenhuma."
    ),
    "Check the credentials in the project file and that they belong to this address.": (
        "Confira as credenciais no arquivo do projeto e se são deste endereço."
    ),
    "{label}: the credentials are not accepted.": "{label}: as credenciais não são aceitas.",
    "A credential that the description refers to is empty.": "Uma credencial a que a descrição se refere está vazia.",
    "A user name with a colon cannot be sent with HTTP Basic.": (
        "Um nome de usuário com dois-pontos não pode ser enviado com HTTP Basic."
    ),
    "{label}: refused after {renewals_per_call} new sessions.": (
        "{label}: recusado depois de {renewals_per_call} novas sessões."
    ),
    "The integration user may lack the right to read this.": (
        "O usuário da integração talvez não tenha direito de ler isto."
    ),
    "the link to the next page {problem}, and is not followed": "o link da próxima página {problem}, e não é seguido",
    "holds characters that no address holds": "tem caracteres que nenhum endereço tem",
    "is not an address": "não é um endereço",
    "leads to another system": "leva a outro sistema",
    "If the link names the same system by another name, write that name as base_url.": (
        "Se o link indica o mesmo sistema por outro nome, escreva esse nome em base_url."
    ),
    "{label}: {error}.": "{label}: {error}.",
    "{label}: {text}.": "{label}: {text}.",
    "{label}: {problem}.": "{label}: {problem}.",
    "{text} (HTTP {status})": "{text} (HTTP {status})",
    "{label}: the body holds a value that JSON cannot carry.": "{label}: o corpo tem um valor que JSON não leva.",
    "Whole numbers must fit in 64 bits and text must be Unicode.": (
        "Inteiros têm de caber em 64 bits e o texto tem de ser Unicode."
    ),
    "Control characters cannot travel in XML; look for them in the value that is sent.": (
        "Caracteres de controle não viajam em XML; procure-os no valor enviado."
    ),
    "{label}: the format is SOAP, and the request says nothing of an envelope.": (
        "{label}: o formato é SOAP, e o pedido não fala de envelope."
    ),
    "Check base_url: the address may belong to a login page or a proxy.": (
        "Confira base_url: o endereço pode ser de uma página de login ou de um proxy."
    ),
    "answered with JSON that ends too early": "respondeu com JSON que acaba cedo demais",
    "sent an answer that {wrong}": "enviou uma resposta que {wrong}",
    "answered with an empty body instead of {names}": "respondeu com um corpo vazio em vez de {names}",
    "answered with a web page (HTML) instead of JSON": "respondeu com uma página da web (HTML) em vez de JSON",
    "answered with something that is not JSON": "respondeu com algo que não é JSON",
    "answered with XML that is no SOAP envelope": "respondeu com XML que não é um envelope SOAP",
    "answered something else than its WSDL says: {problem}": "respondeu algo diferente do que diz o WSDL: {problem}",
    "{errors_in_a_row} errors in a row; a pause, so as not to be locked out": (
        "{errors_in_a_row} erros seguidos; uma pausa, para não ser bloqueado"
    ),
    "method not allowed": "método não permitido",
    "too many requests": "pedidos demais",
    " (a redirect, which is not followed: credentials would travel with it)": (
        " (um redirecionamento, que não é seguido: credenciais iriam junto)"
    ),
    "Write the address it leads to as base_url; often https:// instead of http://.": (
        "Escreva em base_url o endereço a que ele leva; muitas vezes https:// em vez de http://."
    ),
    "answered HTTP {status}{words}": "respondeu HTTP {status}{words}",
    "answered a fault of its own: {plain}": "respondeu uma falha própria: {plain}",
    "answered the fault {code}": "respondeu a falha {code}",
    "answered an error of its own: {plain}": "respondeu um erro próprio: {plain}",
    "The user of the integration may lack a permission.": "O usuário da integração talvez não tenha uma permissão.",
    "Check base_url and the path in the description.": "Confira base_url e o caminho na descrição.",
    "{label}: the login is refused.": "{label}: o login é recusado.",
    "{label}: logins are refused for now (HTTP 429).": "{label}: logins são recusados por enquanto (HTTP 429).",
    "Check the credentials in the project file. They are not tried a second time.": (
        "Confira as credenciais no arquivo do projeto. Elas não são tentadas de novo."
    ),
    "Often after several wrong passwords. Wait some minutes; trying sooner makes it longer.": (
        "Costuma vir depois de várias senhas erradas. Espere alguns minutos; tentar antes prolonga."
    ),
    "{request}: the answer to the login has nothing at `{path}`.": (
        "{request}: a resposta ao login não tem nada em `{path}`."
    ),
    "no access token is given ({code}).": "nenhum token de acesso é dado ({code}).",
    "A refresh token needs a token store: the next one would be lost at the end of the run.": (
        "Um token de renovação precisa de onde ser guardado: o próximo se perderia no fim da execução."
    ),
    "there is no refresh token.": "não há token de renovação.",
    "Check the client and its secret, or grant access again. They are not tried a second time.": (
        "Confira o cliente e seu segredo, ou conceda o acesso de novo. Eles não são tentados outra vez."
    ),
    "{label}: the answer has no text at `access_token`.": "{label}: a resposta não tem texto em `access_token`.",
    "Grant access again.": "Conceda o acesso de novo.",
    "as the whole answer": "na resposta inteira",
    "there is {what} {where}, where the records should be": "há {what} {where}, onde deveriam estar os registros",
    "no whole number": "nenhum número inteiro",
    "there is {what} at `{path}`, where a number should be": "há {what} em `{path}`, onde deveria haver um número",
    "the value at `{path}` is neither true nor false": "o valor em `{path}` não é verdadeiro nem falso",
    "a record has no `{path}`, which the description requires": "um registro não tem `{path}`, que a descrição exige",
    "The system may have changed; compare its answers with the description.": (
        "O sistema pode ter mudado; compare suas respostas com a descrição."
    ),
    "there is nothing at `{path}`, which should say whether pages remain": (
        "não há nada em `{path}`, que deveria dizer se restam páginas"
    ),
    "the pages lead in a circle": "as páginas andam em círculo",
    "{empty_pages_in_a_row} empty pages in a row name a next one": (
        "{empty_pages_in_a_row} páginas vazias seguidas indicam uma próxima"
    ),
    "the cursor at `{cursor}` is not text or a number": "o cursor em `{cursor}` não é texto nem número",
    "the next link at `{link}` is not text": "o próximo link em `{link}` não é texto",
    "the last record of a page has no key at `{after}`": "o último registro de uma página não tem chave em `{after}`",
    "the key `{after}` does not grow from page to page": "a chave `{after}` não cresce de página em página",
    "The listing must be ordered by it, and ask for records after page.after.": (
        "A listagem tem de ser ordenada por ela, e pedir registros depois de page.after."
    ),
    "an empty list came {value} times without the number at `{total}`": (
        "veio {value} vezes uma lista vazia sem o número em `{total}`"
    ),
    "Systems that are asked too fast answer so. Lower the rates, or do not declare a total.": (
        "Sistemas perguntados depressa demais respondem assim. Baixe as taxas, ou não declare o total."
    ),
    "The value of {name} holds characters that would change the request around it.": (
        "O valor de {name} tem caracteres que alterariam o pedido em volta."
    ),
    'Declare quoting = "odata" or "json" in the description and put the reference inside a string literal.': (
        'Declare quoting = "odata" ou "json" na descrição e ponha a referência dentro de um texto.'
    ),
    "A request refers to {name}, which has no value here.": "Um pedido refere-se a {name}, que aqui não tem valor.",
    "The value of {piece} holds a line end or another control character.": (
        "O valor de {piece} tem um fim de linha ou outro caractere de controle."
    ),
    "The path {path} needs a value for {piece}, and there is none.": (
        "O caminho {path} precisa de um valor de {piece}, e não há."
    ),
    "The value of {piece} cannot stand in the path {path}.": "O valor de {piece} não pode estar no caminho {path}.",
    "{name} is a table or a list and cannot become text.": "{name} é uma tabela ou lista e não pode virar texto.",
    "A secret read from a file may end with an empty line.": (
        "Um segredo lido de um arquivo pode acabar numa linha vazia."
    ),
    "The value of {name} is not Unicode text.": "O valor de {name} não é texto Unicode.",
    "{label}: a session that was just opened is not accepted.": "{label}: uma sessão recém-aberta não é aceita.",
    "Check the rights of the integration user and how the description signs requests.": (
        "Confira os direitos do usuário da integração e como a descrição assina os pedidos."
    ),
    "They are not tried again.": "Elas não são tentadas de novo.",
    "{because}; no calls until {astimezone} UTC.": "{because}; sem chamadas até {astimezone} UTC.",
    "the day budget of {day_budget} calls is spent": "as {day_budget} chamadas do dia acabaram",
    "Run again after that, or raise day_budget in the description if the contract allows more.": (
        "Execute de novo depois, ou aumente day_budget na descrição se o contrato permitir."
    ),
    "answered with more than {limit_mib} MiB": "respondeu com mais de {limit_mib} MiB",
    "Ask for smaller pages (size in the description), or raise max_body_mib.": (
        "Peça páginas menores (size na descrição), ou aumente max_body_mib."
    ),
    "no connection within {connect_timeout_s} s": "sem conexão em {connect_timeout_s} s",
    "no whole answer within {timeout_s} s": "sem resposta completa em {timeout_s} s",
    "answered with a body that cannot be decompressed": "respondeu com um corpo que não se pode descomprimir",
    "the connection was lost before the answer was complete": "a conexão caiu antes de a resposta estar completa",
    "Check base_url, the network and the firewall.": "Confira base_url, a rede e o firewall.",
    "not valid for this host": "não vale para este host",
    "the certificate is refused ({reason})": "o certificado é recusado ({reason})",
    "Install the issuer's certificate on this machine; checks are never turned off.": (
        "Instale o certificado do emissor nesta máquina; a verificação nunca é desligada."
    ),
    "no secure connection (TLS) could be made": "não foi possível uma conexão segura (TLS)",
    "Check whether the port speaks https.": "Confira se a porta fala https.",
    "the host name is not known": "o nome do host não é conhecido",
    "Check the spelling of base_url.": "Confira a grafia de base_url.",
    "no connection ({reason})": "sem conexão ({reason})",
    "Check base_url and that the system is running.": "Confira base_url e se o sistema está no ar.",
    "the address cannot be used": "o endereço não pode ser usado",
    "the network says: unreachable": "a rede diz: inalcançável",
    "several addresses, none answered": "vários endereços, nenhum respondeu",
    "Ask for smaller pages, or raise timeout_s.": "Peça páginas menores, ou aumente timeout_s.",
    "answered something that is not HTTP": "respondeu algo que não é HTTP",
    "base_url must begin with http:// or https:// and name a host.": (
        "base_url tem de começar com http:// ou https:// e indicar um host."
    ),
    "base_url holds a user or a password.": "base_url traz um usuário ou uma senha.",
    "base_url holds a query or a fragment.": "base_url traz uma consulta ou um fragmento.",
    "base_url is not an address.": "base_url não é um endereço.",
    "Put them under credentials.": "Ponha-os em credentials.",
    "Keep only scheme, host, port and path.": "Deixe só esquema, host, porta e caminho.",
    "It looks like https://erp.example:8069/api.": "É como https://erp.example:8069/api.",
    "Install it with: pip install 'reconciler[soap]'.": "Instale com: pip install 'reconciler[soap]'.",
    "{problem}.": "{problem}.",
    "All it imports must be files in its folder, without a document type declaration.": (
        "Tudo o que ele importa tem de ser arquivo na pasta dele, sem declaração de tipo de documento."
    ),
    "the WSDL has no operation {name}.": "o WSDL não tem a operação {name}.",
    "reading a WSDL needs the extra package zeep.": "ler um WSDL precisa do pacote extra zeep.",
    "It has {known}.": "Ele tem {known}.",
}
