"""What is said of quotes and their taxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "quotes, {kind}, {member}: {problem}.": "orçamentos, {kind}, {member}: {problem}.",
    "the CRM has {last} quotes {number} of the same revision, and nobody can tell which is meant.": (
        "o CRM tem {last} orçamentos {number} da mesma revisão, e ninguém sabe qual deles é."
    ),
    "“{vendor}” exchanges files, in which no quote can be looked up.": (
        "“{vendor}” troca arquivos, nos quais não se procura um orçamento."
    ),
    "“{vendor}” describes no quotes with lines.": "“{vendor}” não descreve orçamentos com itens.",
    "the quote in the CRM has a value that cannot be read: {where}.": (
        "o orçamento do CRM tem um valor que não pode ser lido: {where}."
    ),
    "“{title}” cannot be asked for a quote by its number.": "não se pode pedir a “{title}” um orçamento pelo número.",
    "the CRM has no quote {key}.": "o CRM não tem o orçamento {key}.",
    "the quote in the CRM has no number.": "o orçamento do CRM não tem número.",
    "Give the lines to: reconciler taxes lookup.": "Dê os itens a: reconciler taxes lookup.",
    "“{vendor}” describes no tax call.": "“{vendor}” não descreve a consulta de impostos.",
    "Add [taxes] to a copy of its description.": "Acrescente [taxes] a uma cópia da descrição.",
    "{request}: the answer does not say which draft was saved.": (
        "{request}: a resposta não diz qual rascunho foi salvo."
    ),
    "the ERP knew no product {key}{where}.": "o ERP não conhecia o produto {key}{where}.",
    "“{vendor}” cannot be asked for {entity} by {keys}, and none were read before.": (
        "não se pode pedir a “{vendor}” {entity} por {keys}, e nenhum foi lido antes."
    ),
    "“{vendor}” does not say where {field} of {entity} is.": "“{vendor}” não diz onde está {field} de {entity}.",
    "the ERP knew no customer {key}{where}.": "o ERP não conhecia o cliente {key}{where}.",
    "Read them once with: reconciler run {entity}.": "Leia-os uma vez com: reconciler run {entity}.",
    "Name it under scope.{entity}.fields.{field}.": "Indique em scope.{entity}.fields.{field}.",
    "line {label}: {plain} has more digits than this ERP can be sent.": (
        "item {label}: {plain} tem mais dígitos do que este ERP recebe."
    ),
    "{request}: there is nothing in the answer, where the taxes should be.": (
        "{request}: não há nada na resposta, onde deveriam estar os impostos."
    ),
    "the ERP knows no customer {tax_id}.": "o ERP não conhece o cliente {tax_id}.",
    "line {label}: this ERP keeps {decimals} decimals of a price, and unit_price has more.": (
        "item {label}: este ERP guarda {decimals} casas decimais do preço, e unit_price tem mais."
    ),
    "customer.prospect: this ERP calculates taxes for registered customers only.": (
        "customer.prospect: este ERP só calcula impostos de clientes cadastrados."
    ),
    "{name} is missing, and this ERP calculates no taxes without it.": (
        "falta {name}, e este ERP não calcula impostos sem isso."
    ),
    "the taxes that were answered cannot be used: {reason}{named}.": (
        "os impostos respondidos não podem ser usados: {reason}{named}."
    ),
}
