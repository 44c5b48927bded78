"""What is said of the project file, its scope and other configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "“{other}” is not a format of an export.": "“{other}” não é um formato de exportação.",
    "Name a file that ends in .jsonl or .csv.": "Indique um arquivo que termine em .jsonl ou .csv.",
    "Name a file that ends in .csv or .jsonl.": "Indique um arquivo que termine em .csv ou .jsonl.",
    "there is no entity “{name}”.": "não há a entidade “{name}”.",
    "“{name}” is not in the scope of this project.": "“{name}” não está no escopo deste projeto.",
    "the description “{vendor}” ({side}) has no {entity}.": "a descrição “{vendor}” ({side}) não tem {entity}.",
    "“{name}” is not a field of {entity}; a field of your own needs a type.": (
        "“{name}” não é um campo de {entity}; um campo próprio precisa de tipo."
    ),
    "the key field “{name}” is not on both sides.": "o campo-chave “{name}” não existe dos dois lados.",
    "It has: {entities}.": "Ela tem: {entities}.",
    "the {side} description does not say where {name} is.": "a descrição do {side} não diz onde está {name}.",
    'Add {side} = "path.of.the.value" to this field.': 'Acrescente {side} = "caminho.do.valor" a este campo.',
    "The tolerance of {rule} is “{tolerance}”, not an amount from zero up.": (
        "A tolerância de {rule} é “{tolerance}”, e não um valor a partir de zero."
    ),
    "{entity}: the fields “{other}” and “{field}” need different names.": (
        "{entity}: os campos “{other}” e “{field}” precisam de nomes diferentes."
    ),
    "there is no project file {path}.": "não há o arquivo de projeto {path}.",
    "Write one with: reconciler init. Or name it with --project.": (
        "Crie um com: reconciler init. Ou indique-o com --project."
    ),
    "{variable}: {errors}.": "{variable}: {errors}.",
    "Correct or unset the environment variable.": "Corrija ou remova a variável de ambiente.",
    "{key}: {place} is not there or empty.": "{key}: {place} não existe ou está vazio.",
    "Set it and run the command again.": "Defina e execute o comando de novo.",
    "reading secrets from the keyring needs the extra package keyring.": (
        "ler segredos do chaveiro precisa do pacote extra keyring."
    ),
    "Install it with: pip install 'reconciler[keyring]'.": "Instale com: pip install 'reconciler[keyring]'.",
    "{path} cannot be read: {reason}.": "{path} não pode ser lido: {reason}.",
    "not valid TOML: {found}": "TOML inválido: {found}",
    "not valid TOML: {message}": "TOML inválido: {message}",
    "{shown_as}: larger than {max_size_bytes} bytes, which no configuration needs.": (
        "{shown_as}: maior que {max_size_bytes} bytes, de que nenhuma configuração precisa."
    ),
    "{name}: cannot be read: {reason}.": "{name}: não pode ser lido: {reason}.",
    "not UTF-8 text": "não é texto UTF-8",
    "tables or arrays nested too deeply": "tabelas ou listas dentro umas das outras demais",
    "Save the file as UTF-8.": "Salve o arquivo em UTF-8.",
    "the CRM description does not say where {name} of a quote is.": (
        "a descrição do CRM não diz onde está {name} de um orçamento."
    ),
    "Name it under scope.quotes.{place}fields.{name}.crm.": "Indique em scope.quotes.{place}fields.{name}.crm.",
    "taxes cannot be compared: {why}.": "os impostos não podem ser comparados: {why}.",
    "the tax call of “{vendor}” needs {name} ({meaning}).": (
        "a consulta de impostos de “{vendor}” precisa de {name} ({meaning})."
    ),
    "Add {name} to its context.": "Acrescente {name} ao context dele.",
    "“{vendor}” has no other tax call “{name}”; it has {known}.": (
        "“{vendor}” não tem outra consulta de impostos “{name}”; tem {known}."
    ),
    "the description names no default address.": "a descrição não indica um endereço padrão.",
    "“{vendor}” is not described as {side} but as {roles}.": (
        "“{vendor}” não está descrito como {side}, e sim como {roles}."
    ),
    "must be an address that begins with https:// or http://.": (
        "tem de ser um endereço que comece com https:// ou http://."
    ),
    "files are not called; their number at once is `concurrency`.": (
        "arquivos não são chamados; quantos de uma vez é `concurrency`."
    ),
    "Add base_url.": "Acrescente base_url.",
    "“{vendor}” needs {name} ({meaning}).": "“{vendor}” precisa de {name} ({meaning}).",
    'Add {name} = {{ env = "{side}_{name_2}" }} to its credentials.': (
        'Acrescente {name} = {{ env = "{side}_{name_2}" }} às credenciais dele.'
    ),
    "a secret may be written here only in stage “sandbox”.": "um segredo só pode ser escrito aqui na etapa “sandbox”.",
    'Use {key} = {{ env = "{variable}" }}, file or keyring.': (
        'Use {key} = {{ env = "{variable}" }}, file ou keyring.'
    ),
}
