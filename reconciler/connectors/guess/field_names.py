"""What canonical fields are usually called in Brazilian and English APIs, the surest name first.

Names are written as `answer.plain_name` gives them: lower case, without underscores, hyphens, spaces and accents.
"""

from __future__ import annotations

from typing import Final

FIELD_NAMES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "customers": {
        "tax_id": (
            "cnpj",
            "cnpjcpf",
            "cpfcnpj",
            "taxid",
            "cpf",
            "numerodocumento",
            "documento",
            "document",
            "vat",
            "cgc",
        ),
        "legal_name": ("razaosocial", "legalname", "razao", "companyname", "nome", "name"),
        "trade_name": ("nomefantasia", "fantasia", "tradename", "nomereduzido", "nome", "name"),
        "state_registration": ("inscricaoestadual", "stateregistration", "ie", "ierg"),
        "email": ("email", "emailaddress", "mail"),
        "phone": ("telefone", "phone", "phonenumber", "fone", "celular", "mobile"),
        "street": ("logradouro", "street", "streetaddress", "endereco", "address", "rua"),
        "city": ("cidade", "city", "municipio", "nomecidade"),
        "state": ("uf", "estado", "state", "siglauf"),
        "zip": ("cep", "zip", "zipcode", "postalcode"),
        "credit_limit": ("limitecredito", "limitedecredito", "creditlimit", "valorlimitecredito"),
        "special_discount": ("descontoespecial", "specialdiscount"),
        "sales_volume": ("volumevendas", "salesvolume"),
    },
    "products": {
        "sku": ("sku", "codigo", "code", "codigoproduto", "referencia", "reference", "itemcode"),
        "name": ("descricao", "nome", "name", "description", "itemname"),
        "unit": ("unidade", "unit", "un", "unidademedida", "measurementunit", "uom"),
        "ncm": ("ncm", "codigoncm", "ncmcode"),
        "price": ("preco", "price", "valorunitario", "unitprice", "precovenda", "listprice"),
    },
    "orders": {
        "number": ("numero", "number", "numeropedido", "ordernumber", "docnum", "codigo", "code"),
        "customer": ("cnpjcliente", "cpfcnpj", "cnpjcpf", "cnpj", "taxid", "customertaxid", "cliente", "customer"),
        "date": ("data", "date", "dataemissao", "emissao", "orderdate", "datapedido"),
        "status": ("status", "situacao", "etapa", "state"),
        "total": ("total", "valortotal", "totalamount", "amount", "grandtotal"),
    },
}
FIELD_NAMES["quotes"] = {
    **FIELD_NAMES["orders"],
    "number": ("numero", "number", "numeroproposta", "numeroorcamento", "quotenumber", "codigo", "code"),
    "revision": ("revisao", "revision", "reviewnumber"),
    "valid_until": ("validade", "validuntil", "datavalidade", "expirationdate"),
}

EVERYWHERE: Final[dict[str, tuple[str, ...]]] = {
    "active": ("ativo", "active", "enabled", "inativo", "situacao", "status"),
    "updated_at": (
        "dataalteracao",
        "updatedat",
        "lastupdatedate",
        "lastupdate",
        "lastmodified",
        "modifiedat",
        "modified",
        "alteradoem",
        "dataultimaalteracao",
        "writedate",
    ),
}
"""Fields that mean the same in every entity that has them."""

LINE_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "sku": ("sku", "codigoproduto", "codigo", "code", "productcode", "itemcode", "produto"),
    "quantity": ("quantidade", "quantity", "qtd", "qty"),
    "unit_price": ("valorunitario", "precounitario", "unitprice", "preco", "price", "valor"),
    "discount": ("desconto", "discount", "valordesconto"),
    "total": ("total", "valortotal", "linetotal", "amount"),
}
"""Fields of order and quote lines."""

LINE_LISTS: Final = ("itens", "items", "lines", "linhas", "produtos", "products", "orderlines")
"""Usual names of the list of lines in a document."""
