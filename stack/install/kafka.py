"""Kafka's jars, fetched from Maven Central by a committed POM."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from stack.install.step import Step

if TYPE_CHECKING:
    from pathlib import Path

    from stack.install.step import Runner
    from stack.paths import Paths


def kafka_jars(paths: Paths) -> Path:
    """Return the folder that holds the jars."""
    return paths.install / "kafka"


def kafka_broker(paths: Paths) -> Step:
    """Fetch the broker with everything it needs to run."""
    pom = paths.root / "stack" / "kafka" / "pom.xml"
    jars = kafka_jars(paths)

    def fetch(run: Runner) -> None:
        shutil.rmtree(jars, ignore_errors=True)
        goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
        run(["mvn", "-B", "-q", "-f", str(pom), goal, f"-DoutputDirectory={jars}", "-DincludeScope=runtime"])

    return Step(
        name="kafka (maven)",
        stamp=jars / ".belvedere-pom",
        proof=jars / "kafka_2.13-4.3.1.jar",
        inputs=(pom.read_text(),),
        run=fetch,
    )
