"""A server process for the pull benchmark: pages rendered beforehand, so that serving costs next to nothing."""

from __future__ import annotations

import random
import socket
import sys
from typing import Any

import orjson
from aiohttp import web
from stdnum.br import cnpj

PAGE_SIZE = 500
_WORDS = ("Aço", "Alfa", "Brasil", "Central", "Delta", "Horizonte", "Metal", "Norte", "Ouro", "São João", "Vitória")


def _document(chance: random.Random) -> str:
    root = "".join(chance.choice("0123456789") for _ in range(8)) + "0001"
    return root + cnpj.calc_check_digits(root + "00")


def _crm_record(number: int, chance: random.Random) -> dict[str, Any]:
    name = f"Indústria {chance.choice(_WORDS)} {chance.choice(_WORDS)} {number} Ltda"
    return {
        "Id": number,
        "TypeId": 1,
        "Name": name[:20],
        "LegalName": name,
        "CNPJ": _document(chance),
        "CPF": None,
        "Email": f"fiscal{number}@example.com",
        "StreetAddress": f"Rua {chance.choice(_WORDS)}, {number}",
        "City": {"Id": 1, "Name": "São Paulo"},
        "State": {"Id": 2, "Short": "SP"},
        "ZipCode": f"{chance.randrange(10**8):08}",
        "CreateDate": "2026-01-02T10:11:12-03:00",
        "LastUpdateDate": "2026-05-02T10:11:12.3-03:00",
        "OtherProperties": [
            {"FieldKey": "contact_credit_limit", "DecimalValue": chance.randrange(10**7) / 100},
            {"FieldKey": "contact_special_discount", "DecimalValue": 2.5},
            {"FieldKey": "contact_state_registration", "StringValue": f"{chance.randrange(10**12):012}"},
        ],
    }


def _erp_record(number: int, chance: random.Random) -> dict[str, Any]:
    document = _document(chance)
    name = f"INDÚSTRIA {chance.choice(_WORDS).upper()} {number} LTDA"
    return {
        "codigo": f"{number:06}",
        "razao_social": name,
        "nome_fantasia": name[:20],
        "cpf_cnpj": cnpj.format(document),
        "inscricao_estadual": "ISENTO",
        "email": f"fiscal{number}@example.com",
        "telefone": "(11) 4002-8922",
        "endereco": {
            "logradouro": f"Rua {chance.choice(_WORDS)}, {number}",
            "cidade": "São Paulo",
            "uf": "SP",
            "cep": "01310-100",
        },
        "limite_credito": f"{chance.randrange(10**5)},{chance.randrange(100):02}",
        "desconto_especial": "2,50",
        "volume_vendas": "123456,78",
        "ativo": "S",
        "data_alteracao": "22/11/2026",
        "hora_alteracao": "10:11:12",
    }


def _pages(records: int, side: str) -> list[bytes]:
    chance = random.Random(side)
    make, name = (_crm_record, "value") if side == "crm" else (_erp_record, "clientes")
    return [
        orjson.dumps({"total": records, name: [make(number, chance) for number in range(first, first + PAGE_SIZE)]})
        for first in range(0, records, PAGE_SIZE)
    ]


def main() -> None:
    """Serve `/crm?page=N` and `/erp?page=N` (N from 0) until stopped; print the port once ready."""
    records = int(sys.argv[1])
    pages = {side: _pages(records, side) for side in ("crm", "erp")}

    async def page(request: web.Request) -> web.Response:
        body = pages[request.match_info["side"]][int(request.query["page"])]
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/{side}", page)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    print(listener.getsockname()[1], flush=True)
    web.run_app(app, sock=listener, print=None)


if __name__ == "__main__":
    main()
