"""What is said of a TOML file, and of entities and files in the description of a system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "Valid here: {valid}.": "Valem aqui: {valid}.",
    "one more problem": "mais um problema",
    "{others} more problems": "mais {others} problemas",
    "({count} in this file)": "({count} neste arquivo)",
    "Did you mean `{found}`?": "Você quis dizer `{found}`?",
    "must be text, not a TOML date or time": "tem de ser texto, e não data ou hora do TOML",
    "Put it in quotes.": "Ponha-o entre aspas.",
    "must be a finite number": "tem de ser um número finito",
    "is too large a number": "é um número grande demais",
    "unknown value {shown}": "valor desconhecido {shown}",
    "must be {wanted}, not {seen}": "tem de ser {wanted}, e não {seen}",
    "{first} or {second}": "{first} ou {second}",
    "unknown key": "chave desconhecida",
    "is missing": "está faltando",
    "must be {expected}": "tem de ser {expected}",
    "must be greater than {gt}": "tem de ser maior que {gt}",
    "must be at least {ge}": "tem de ser no mínimo {ge}",
    "must be less than {lt}": "tem de ser menor que {lt}",
    "must be at most {le}": "tem de ser no máximo {le}",
    "needs at least {min_length} of its items": "precisa de pelo menos {min_length} itens",
    "has more than {max_length} items": "tem mais de {max_length} itens",
    "must have at least {min_length} characters": "tem de ter no mínimo {min_length} caracteres",
    "must have at most {max_length} characters": "tem de ter no máximo {max_length} caracteres",
    "text": "texto",
    "a whole number": "um número inteiro",
    "a number": "um número",
    "a number in quotes": "um número entre aspas",
    "an array": "uma lista",
    "a table": "uma tabela",
    "this": "isto",
    "true or false": "true ou false",
    "a text": "um texto",
    "another kind of value": "outro tipo de valor",
    "describes no entity": "não descreve nenhuma entidade",
    "an entity is named in lower case letters, digits and underscores": (
        "o nome de uma entidade tem letras minúsculas, dígitos e sublinhados"
    ),
    "is not one of {known}, and an entity of your own needs a type for each of its fields": (
        "não é uma de {known}, e uma entidade própria precisa de um tipo para cada um dos seus campos"
    ),
    "{name} have no lines": "{name} não têm linhas",
    "only lines of quotes carry taxes": "só linhas de orçamentos trazem tributos",
    "names no field": "não nomeia nenhum campo",
    "names no path": "não nomeia nenhum caminho",
    "is not a known field of {what}; a field of your own needs a type": (
        "não é um campo conhecido de {what}; um campo próprio precisa de um tipo"
    ),
    "{name} is always of type {type}": "{name} é sempre do tipo {type}",
    "there is only one path, and nothing to join": "há um só caminho, e nada a juntar",
    "a {kind} field is written as {allowed}, not {codec}": "um campo {kind} se escreve como {allowed}, e não {codec}",
    "{name} is not an IANA time zone": "{name} não é um fuso horário da IANA",
    "{written} is neither {known} nor a strftime format": "{written} não é {known} nem um formato de strftime",
    "directive %{directive} is not supported": "a diretiva %{directive} não é aceita",
    "must hold a day, a month and a year": "tem de conter dia, mês e ano",
    "stands beside [http]; a system is reached in one way, and another is another file": (
        "está ao lado de [http]; um sistema é alcançado de um modo só, e outro modo é outro arquivo"
    ),
    "is missing; a system is reached over [http] or through [files]": (
        "está faltando; um sistema é alcançado por [http] ou por [files]"
    ),
    "is a request, and a system that exchanges files answers none": (
        "é uma chamada, e um sistema que troca arquivos não responde a nenhuma"
    ),
    "is asked for, and the system is reached through [files]": "é pedido, e o sistema é alcançado por [files]",
    "Give pattern and format.": "Informe pattern e format.",
    "names files, and the system is reached over [http]": "nomeia arquivos, e o sistema é alcançado por [http]",
    "Put [files] instead of [http].": "Ponha [files] no lugar de [http].",
    "lists files, and there is no table files": "cita files, e não há a tabela files",
    "does not list files, and there is a table files": "não cita files, e há a tabela files",
    "must be a folder below the address, without `..`": "tem de ser uma pasta abaixo do endereço, sem `..`",
    "must hold {{name}} or {{stem}}, or every file would have the same marker": (
        "tem de conter {{name}} ou {{stem}}, ou todo arquivo teria o mesmo marcador"
    ),
    "cannot be asked for: the system is reached through [files]": (
        "não pode ser pedido: o sistema é alcançado por [files]"
    ),
    "must be the pattern of a name, and the folder is told by `folder`": (
        "tem de ser o padrão de um nome; a pasta é dita por `folder`"
    ),
    "is the same as `pattern`, so no file would be a full one": (
        "é igual a `pattern`, e assim nenhum arquivo seria completo"
    ),
    "is needed to know which rows speak of the same record": (
        "é preciso para saber quais linhas falam do mesmo registro"
    ),
    "is not the `id` of the entity, and both tell records apart": (
        "não é o `id` da entidade, e os dois distinguem os registros"
    ),
    "it does not look like a text file: {reason}": "não parece ser um arquivo de texto: {reason}",
    "Check the pattern and the kind.": "Confira o padrão e o tipo.",
    "it looks like {encoding} ({reason}), and {encoding_2} is declared": (
        "parece estar em {encoding} ({reason}), e {encoding_2} é o declarado"
    ),
    'Write encoding = "{encoding}" in the format of the description.': (
        'Escreva encoding = "{encoding}" no format da descrição.'
    ),
    "there is no such file in the folder of the description": "não há esse arquivo na pasta da descrição",
}
