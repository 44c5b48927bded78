"""What is said of the engine that compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "Comparison on Spark is asked for, and PySpark is not installed.": (
        "A comparação no Spark foi pedida, e o PySpark não está instalado."
    ),
    'Install the extra: pip install "reconciler[spark]".': 'Instale o extra: pip install "reconciler[spark]".',
    "Comparison on Spark is asked for, and there is no Java: {path}.": (
        "A comparação no Spark foi pedida, e não há Java: {path}."
    ),
    "{path} does not tell its version.": "{path} não informa a sua versão.",
    "Spark does not run on Java {version}.": "O Spark não funciona com o Java {version}.",
    "Install Java 17 or 21, and set JAVA_HOME where it is not on the PATH.": (
        "Instale o Java 17 ou 21 e defina JAVA_HOME se ele não estiver no PATH."
    ),
    "Another comparison of this process uses Spark.": "Outra comparação deste processo usa o Spark.",
    "Run again when it ended.": "Execute de novo quando ela terminar.",
    "Spark did not start within {seconds} s with master “{master}”.": (
        "O Spark não iniciou em {seconds} s com o master “{master}”."
    ),
    "Spark did not start with master “{master}”.": "O Spark não iniciou com o master “{master}”.",
    "Look at master and settings under [compare.spark]; --debug shows what Spark said.": (
        "Veja master e settings em [compare.spark]; --debug mostra o que o Spark disse."
    ),
    "A comparison on Spark took longer than {seconds} s and was stopped.": (
        "Uma comparação no Spark levou mais de {seconds} s e foi interrompida."
    ),
    "Give it more machines, or more time: timeout_minutes under [compare.spark].": (
        "Dê-lhe mais máquinas ou mais tempo: timeout_minutes em [compare.spark]."
    ),
    "The comparison ran out of memory on Spark.": "A memória do Spark acabou durante a comparação.",
    "Allow it more: memory_mib or executor_memory_mib under [compare.spark].": (
        "Permita mais: memory_mib ou executor_memory_mib em [compare.spark]."
    ),
    "A machine of the Spark cluster does not see the data folder of this one.": (
        "Uma máquina do cluster Spark não vê a pasta de dados desta."
    ),
    "Every machine of the cluster must see the same folder under the same path, not a copy of it, and Spark must run"
    " there as the user that runs this program.": (
        "Toda máquina do cluster deve ver a mesma pasta no mesmo caminho, e não uma cópia dela, e o Spark deve executar"
        " nela com o usuário que executa este programa."
    ),
    "Spark stopped, or lost what it worked with.": "O Spark parou, ou perdeu aquilo com que trabalhava.",
    "Run again; when it comes again, look at Spark's own logs.": (
        "Execute de novo; se voltar a ocorrer, veja os registros do próprio Spark."
    ),
}
