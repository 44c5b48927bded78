"""What is said of the local state: database, snapshots, data folder, trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "{path}: cannot be read: {reason}.": "{path}: não pode ser lido: {reason}.",
    "{path} is there already.": "{path} já existe.",
    "Name another file: nothing is replaced.": "Indique outro arquivo: nada é substituído.",
    "{path} cannot be written: {reason}.": "{path} não pode ser gravado: {reason}.",
    "{path} cannot be written: the disk is full, or a quota is used up.": (
        "{path} não pode ser gravado: o disco está cheio, ou uma cota acabou."
    ),
    "Make room and try again; what was there is as it was.": (
        "Libere espaço e tente de novo; o que havia continua como estava."
    ),
    "Check the folder and its rights, or name a file elsewhere.": (
        "Confira a pasta e seus direitos, ou indique um arquivo em outro lugar."
    ),
    "a snapshot of {entity} cannot be read.": "uma cópia de {entity} não pode ser lida.",
    "the data folder {parent} cannot be used: {reason}.": "a pasta de dados {parent} não pode ser usada: {reason}.",
    "the data folder {data} is not the one that belongs to this state, which was noted on {host}: "
    "snapshots and received files that the state names are not in it.": (
        "a pasta de dados {data} não é a que pertence a este estado, anotada em {host}: nela faltam cópias e "
        "arquivos recebidos que o estado cita."
    ),
    "Make it writable, or name another one as `data` under [project].": (
        "Deixe-a gravável, ou indique outra em `data`, em [project]."
    ),
    "Mount that folder here, or name it as `data` under [project]. Where it is lost: reconciler run "
    "--full --new-data-folder.": (
        "Monte aquela pasta aqui, ou indique-a em `data`, em [project]. Se ela se perdeu: reconciler run "
        "--full --new-data-folder."
    ),
    "The {side} snapshot of {entity} lacks {wrong} or has it with another type.": (
        "Na cópia de {entity} do {side} falta {wrong}, ou está com outro tipo."
    ),
    "Run again with --full to read both systems from the beginning.": (
        "Execute de novo com --full para ler os dois sistemas desde o começo."
    ),
    "The comparison ran out of memory or of room for its temporary files.": (
        "Faltou memória ou espaço para os arquivos temporários da comparação."
    ),
    "A snapshot cannot be compared: a file is missing, damaged, or was staged differently.": (
        "Uma cópia não pode ser comparada: um arquivo falta, está danificado ou foi preparado de outro modo."
    ),
    "Allow it more memory, or free disk space where temporary files are kept.": (
        "Dê mais memória, ou libere espaço onde ficam os arquivos temporários."
    ),
    "The comparison found no room for its temporary files: the disk of the data folder is full.": (
        "A comparação não achou espaço para os temporários: o disco da pasta de dados está cheio."
    ),
    "Make room and run again; nothing that was finished is lost.": (
        "Libere espaço e execute de novo; nada do que terminou se perdeu."
    ),
    "the snapshot file {name} is missing from {root}.": "falta o arquivo de cópia {name} em {root}.",
    "the data folder {root} cannot be used: {reason}.": "a pasta de dados {root} não pode ser usada: {reason}.",
    "Run with --full to take a new snapshot. Machines that share a state share `data` too.": (
        "Execute com --full para fazer uma cópia nova. Máquinas que partilham o estado partilham também `data`."
    ),
    "the data folder {folder} cannot be written: {words}.": "a pasta de dados {folder} não pode ser gravada: {words}.",
    "the data folder {folder} takes no more: the disk is full, or a quota is used up.": (
        "a pasta de dados {folder} não aceita mais nada: o disco está cheio, ou uma cota acabou."
    ),
    "Check the disk and its rights.": "Confira o disco e seus direitos.",
    "the list of files of a snapshot is damaged.": "a lista de arquivos de uma cópia está danificada.",
    "Run with --full to take a new snapshot.": "Execute com --full para fazer uma cópia nova.",
    "Use sqlite:///state.db (a path relative to the project file) or postgresql://user@host/database.": (
        "Use sqlite:///state.db (caminho relativo ao arquivo do projeto) ou postgresql://usuario@host/banco."
    ),
    "project.state names a database that is not supported: {drivername}.": (
        "project.state indica um banco não suportado: {drivername}."
    ),
    "project.state must name a file, without a host and without options.": (
        "project.state tem de indicar um arquivo, sem host e sem opções."
    ),
    "project.state names a server and no database.": "project.state indica um servidor e nenhum banco.",
    "project.state is not a database URL.": "project.state não é uma URL de banco de dados.",
    "there is no state {file}.": "não há o estado {file}.",
    "The first run makes it.": "A primeira execução o cria.",
    "the state {address} is of an earlier version.": "o estado {address} é de uma versão anterior.",
    "Make a backup; the next command that opens the state brings it up to date.": (
        "Faça um backup; o próximo comando que abrir o estado o atualiza."
    ),
    "`reconciler audit verify` says what was changed.": "`reconciler audit verify` diz o que foi alterado.",
    "the audit trail has entries that were not written by the reconciler.": (
        "a trilha tem entradas que não foram gravadas pelo reconciler."
    ),
    "the head of the audit trail is gone.": "o fim da trilha sumiu.",
    "entry {row} of the audit trail cannot be read.": "a entrada {row} da trilha não pode ser lida.",
    "there is no correction {correction_id}.": "não há a correção {correction_id}.",
    "correction {correction} {what} and cannot be approved; nothing was approved.": (
        "a correção {correction} {what} e não pode ser aprovada; nada foi aprovado."
    ),
    "correction {correction} was changed meanwhile; nothing was approved.": (
        "a correção {correction} foi alterada nesse meio-tempo; nada foi aprovado."
    ),
    "correction {correction_id} is {state} and cannot be edited any more.": (
        "a correção {correction_id} está {state} e não pode mais ser editada."
    ),
    "correction {correction_id} was edited by somebody else meanwhile.": (
        "a correção {correction_id} foi editada por outra pessoa nesse meio-tempo."
    ),
    "a correction id has up to 16 hexadecimal digits.": "um id de correção tem até 16 dígitos hexadecimais.",
    "more than {max_beginnings} beginnings of ids were given at once.": (
        "foram dados mais de {max_beginnings} começos de ids de uma vez."
    ),
    "a correction id has 16 hexadecimal digits.": "um id de correção tem 16 dígitos hexadecimais.",
    "several corrections begin with {correction_id}.": "várias correções começam com {correction_id}.",
    "Give more of the id.": "Dê mais dígitos do id.",
    "the lock of {shown} was lost: its connection to {address} ended.": (
        "a trava de {shown} se perdeu: a conexão com {address} terminou."
    ),
    "Nothing was written since. Another machine may have gone on; start again when it is through.": (
        "Nada foi gravado desde então. Outra máquina pode ter continuado; comece de novo quando ela terminar."
    ),
    "nothing says which findings to accept.": "nada diz quais achados aceitar.",
    "an acceptance needs a reason.": "um aceite precisa de um motivo.",
    "an acceptance needs the person who decides.": "um aceite precisa da pessoa que decide.",
    "{until} has already passed.": "{until} já passou.",
    "Name them by id, entity, field, cause or key.": "Indique id, entidade, campo, causa ou chave.",
    "Give a day from today on, or none.": "Dê um dia de hoje em diante, ou nenhum.",
    "Restore it from a backup, or move it away to start with an empty state.": (
        "Restaure de um backup, ou mova-o para começar com um estado vazio."
    ),
    "Give this user the right to write the file and its folder.": (
        "Dê a este usuário o direito de gravar o arquivo e sua pasta."
    ),
    "Try again when it has finished.": "Tente de novo quando terminar.",
    "Check the address, the user and the password under [project] state.": (
        "Confira o endereço, o usuário e a senha em [project] state."
    ),
    "Check that it has room, and the disk itself; nothing that was finished is lost.": (
        "Confira se há espaço, e o próprio disco; nada do que terminou se perdeu."
    ),
    "Make room on the machine of the database; nothing that was finished is lost.": (
        "Libere espaço na máquina do banco; nada do que terminou se perdeu."
    ),
    "is in use: another process is writing to it": "está em uso: outro processo está gravando nele",
    "is damaged or not a state of the reconciler": "está danificado ou não é um estado do reconciler",
    "is damaged": "está danificado",
    "is damaged: it holds a text that is none": "está danificado: tem um texto que não é texto",
    "cannot be opened": "não pode ser aberto",
    "cannot grow: the disk is full": "não pode crescer: o disco está cheio",
    "Make room; nothing that was finished is lost.": "Libere espaço; nada do que terminou se perdeu.",
    "cannot be read or written: the disk reports an error": "não pode ser lido nem gravado: o disco acusa um erro",
    "cannot grow: the disk of its server is full": "não pode crescer: o disco do servidor está cheio",
    "ended the connection": "encerrou a conexão",
    "is not ready: its server is starting": "não está pronto: o servidor está iniciando",
    "is not ready: its server is being stopped": "não está pronto: o servidor está parando",
    "takes no more connections": "não aceita mais conexões",
    "refuses the user or the password": "recusa o usuário ou a senha",
    "is not there": "não existe",
    "the state {shown} cannot be reached.": "não se chega ao estado {shown}.",
    "the state {shown} cannot be used.": "o estado {shown} não pode ser usado.",
    "Run with --debug to see why.": "Execute com --debug para ver por quê.",
    "the state {shown} is busy: no connection became free in time.": (
        "o estado {shown} está ocupado: nenhuma conexão ficou livre a tempo."
    ),
    "the state {shown} {problem}.": "o estado {shown} {problem}.",
    "there is no finding {finding_id}.": "não há o achado {finding_id}.",
    "a finding id has up to 16 hexadecimal digits.": "um id de achado tem até 16 dígitos hexadecimais.",
    "several findings begin with {finding_id}.": "vários achados começam com {finding_id}.",
    "`reconciler findings list` shows them.": "`reconciler findings list` mostra quais há.",
    "somebody decided about {others} meanwhile; nothing is planned.": (
        "alguém decidiu sobre {others} nesse meio-tempo; nada foi planejado."
    ),
    "that plan is kept already.": "esse plano já está guardado.",
    "Plan again.": "Planeje de novo.",
    "{owner} does not apply that plan.": "{owner} não está aplicando esse plano.",
    "there is no such plan.": "não há esse plano.",
    "`reconciler corrections plan` makes one.": "`reconciler corrections plan` faz um.",
    "project.state names PostgreSQL, and its driver is not installed.": (
        "project.state indica PostgreSQL, e o driver não está instalado."
    ),
    "Install it with: pip install 'reconciler[postgres]'.": "Instale com: pip install 'reconciler[postgres]'.",
    "more than {max_patterns} key patterns were given at once.": (
        "foram dados mais de {max_patterns} padrões de chave de uma vez."
    ),
    "a finding id has 16 hexadecimal digits.": "um id de achado tem 16 dígitos hexadecimais.",
    "the findings of {entity} are already recorded for run {run_id}.": (
        "os achados de {entity} já estão gravados na execução {run_id}."
    ),
    "{what}.": "{what}.",
    "{what} in {holder}.": "{what} no {holder}.",
    "process {pid} on {host}, begun {age} ago": "processo {pid} em {host}, iniciado há {age}",
    "less than a minute": "menos de um minuto",
    "1 minute": "1 minuto",
    "{minutes} minutes": "{minutes} minutos",
    "{hours} hours": "{hours} horas",
    "the pilot is being run": "o piloto está sendo executado",
    "test scenarios are being played": "cenários de teste estão sendo executados",
    "Wait until that is through.": "Espere terminar.",
    "the lock file {file} cannot be opened: {reason}.": "o arquivo de trava {file} não pode ser aberto: {reason}.",
    "Give this user the right to write it and its folder.": "Dê a este usuário o direito de gravá-lo e à sua pasta.",
    "Wait until it has finished.": "Espere terminar.",
    "run {run_id} is not going on.": "a execução {run_id} não está em andamento.",
    "another run is just beginning or ending.": "outra execução está justamente começando ou terminando.",
    "there is no run {run_id}.": "não há a execução {run_id}.",
    "several runs begin with {run_id}.": "várias execuções começam com {run_id}.",
    "run {run_id} has no document yet.": "a execução {run_id} ainda não tem documento.",
    "`reconciler runs` lists them.": "`reconciler runs` mostra quais há.",
    "run {run} is going on in {holder}.": "a execução {run} está em andamento em {holder}.",
    "snapshot {snapshot_id} is not in progress.": "a cópia {snapshot_id} não está em andamento.",
    "the state {file} cannot be written: {reason}.": "o estado {file} não pode ser gravado: {reason}.",
    "Give this user the right to write the file and its folder, or name another one under [project].": (
        "Dê a este usuário o direito de gravar o arquivo e sua pasta, ou indique outro em [project]."
    ),
    "somebody changed the stage at this very moment.": "alguém mudou a etapa neste mesmo instante.",
    "nothing is frozen.": "nada está congelado.",
    "the state {shown} was written by a newer version of the reconciler.": (
        "o estado {shown} foi gravado por uma versão mais nova do reconciler."
    ),
    "the state {shown} holds tables of another program.": "o estado {shown} tem tabelas de outro programa.",
    "Install that version or later.": "Instale essa versão ou mais nova.",
    "Name another one under [project] state.": "Indique outro em [project] state.",
}
