"""What is said of systems that exchange files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "Use a path relative to the project file, file:///folder, ftp://host/folder, ftps://host/folder or "
    "sftp://host/folder.": (
        "Use um caminho relativo ao arquivo do projeto, file:///pasta, ftp://host/pasta, ftps://host/pasta "
        "ou sftp://host/pasta."
    ),
    "the address of the files is empty or holds control characters.": (
        "o endereço dos arquivos está vazio ou tem caracteres de controle."
    ),
    "the address of the files begins with {scheme}://.": "o endereço dos arquivos começa com {scheme}://.",
    "the address of the files holds a user or password.": "o endereço dos arquivos traz um usuário ou uma senha.",
    "the address of the files needs a host, and nothing after the path.": (
        "o endereço dos arquivos precisa de um host, e de nada depois do caminho."
    ),
    "the path of the files holds `..` or control characters.": (
        "o caminho dos arquivos tem `..` ou caracteres de controle."
    ),
    "{text} names a host; a folder of this machine has three slashes.": (
        "{text} indica um host; uma pasta desta máquina tem três barras."
    ),
    "the address of the files is not a URL.": "o endereço dos arquivos não é uma URL.",
    "Put them into the credentials.": "Ponha-os nas credenciais.",
    "the folder of received files {root} cannot be used: {reason}.": (
        "a pasta de arquivos recebidos {root} não pode ser usada: {reason}."
    ),
    "files.auth.private_key must be one of the credentials.": "files.auth.private_key tem de ser uma das credenciais.",
    'Write "{{credentials.private_key}}".': 'Escreva "{{credentials.private_key}}".',
    "files.names: there is no character set {names}.": "files.names: não existe o conjunto de caracteres {names}.",
    "files.ca_file holds no certificate in PEM form.": "files.ca_file não tem certificado na forma PEM.",
    "files.{option}: the file {name} cannot be read.": "files.{option}: o arquivo {name} não pode ser lido.",
    "{place}: the certificate of the server is not accepted: {verify_message}.": (
        "{place}: o certificado do servidor não é aceito: {verify_message}."
    ),
    "{place}: the server does not answer in time.": "{place}: o servidor não responde a tempo.",
    "{place}: the server refuses the session: {code} {words}.": "{place}: o servidor recusa a sessão: {code} {words}.",
    "{place}: no connection: {words}.": "{place}: sem conexão: {words}.",
    "{place}: the server does not accept the user or the password.": (
        "{place}: o servidor não aceita o usuário ou a senha."
    ),
    "Name the PEM file of its authority as ca_file, or correct the host in base_url.": (
        "Indique em ca_file o arquivo PEM da autoridade, ou corrija o host em base_url."
    ),
    "Check base_url, and whether a firewall is between.": "Confira base_url, e se há um firewall no meio.",
    "no file {pattern} has ever arrived.": "nenhum arquivo {pattern} chegou até hoje.",
    "{file}: {problem}{more}": "{file}: {problem}{more}",
    "no complete file {pattern} has arrived: {name} was left alone, as {reason}.": (
        "nenhum arquivo {pattern} completo chegou: {name} foi deixado, pois {reason}."
    ),
    "Check base_url, and the folder and pattern of the listing, against where the sender puts its files.": (
        "Confira base_url, a pasta e o padrão da listagem com o lugar onde o remetente põe os arquivos."
    ),
    "the newest full file {newest} is {value} hours old, and {max_age_h} are allowed.": (
        "o arquivo completo mais novo, {newest}, tem {value} horas, e {max_age_h} são permitidas."
    ),
    "Correct the description, or have the sender write the file again.": (
        "Corrija a descrição, ou peça que o arquivo seja gravado de novo."
    ),
    "Try again later.": "Tente mais tarde.",
    "Look why the sender exports no more; comparing old data would show differences that are none.": (
        "Veja por que o remetente não exporta mais; comparar dados velhos mostraria diferenças que não há."
    ),
    "{system}: a system that exchanges files cannot be asked for {method} {path}.": (
        "{system}: a um sistema que troca arquivos não se pode pedir {method} {path}."
    ),
    "{address}: the server refuses {path}: {error}.": "{address}: o servidor recusa {path}: {error}.",
    "Only whole listings can be read from files.": "De arquivos só se leem listagens inteiras.",
    "{system}: a file cannot be called that way.": "{system}: um arquivo não pode ser chamado assim.",
    "{folder}: the server did not keep the whole file.": "{folder}: o servidor não guardou o arquivo inteiro.",
    "{full}: {problem}.": "{full}: {problem}.",
    "Check the folder, and the rights of the user on it.": "Confira a pasta e os direitos do usuário nela.",
    "the copy of {full} cannot be read: {reason}.": "a cópia de {full} não pode ser lida: {reason}.",
    "{system}: {path} is there already and was not taken yet.": "{system}: {path} já está lá e ainda não foi retirado.",
    "the connection to the files was lost {failures} times in a row: {error}.": (
        "a conexão com os arquivos caiu {failures} vezes seguidas: {error}."
    ),
    "{place}: the host key of the server {reason}; it shows {seen}.": (
        "{place}: a chave do servidor {reason}; ele mostra {seen}."
    ),
    "Ask the people who run the server for its fingerprint, and only if it is this one write it as host_key.": (
        "Peça a quem cuida do servidor a impressão digital, e só se for esta escreva-a em host_key."
    ),
    "{place}: the server does not accept the user, the password or the key.": (
        "{place}: o servidor não aceita o usuário, a senha ou a chave."
    ),
    "the private key for SFTP cannot be read.": "a chave privada do SFTP não pode ser lida.",
    "the known_hosts file cannot be read.": "o arquivo known_hosts não pode ser lido.",
    "Give the whole file and its passphrase. A key with a passphrase must be in PKCS #8 form: ssh-keygen "
    "-p -m PKCS8.": (
        "Dê o arquivo inteiro e sua senha. Uma chave com senha tem de estar na forma PKCS #8: ssh-keygen -p -m PKCS8."
    ),
    "It must be in OpenSSH format.": "Tem de estar no formato OpenSSH.",
}
