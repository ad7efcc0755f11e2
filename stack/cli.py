"""The command line: ``python -m stack <command>``. The Makefile's targets are thin names for these."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from stack.errors import StackError
from stack.paths import locate
from stack.progress import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stack.paths import Paths

# Imports below are inside the commands: `install` runs in a Python that has nothing but its standard library.


def _install(paths: Paths, _options: argparse.Namespace) -> None:
    from stack.install.run import install

    install(paths)


def _system_packages(_paths: Paths, _options: argparse.Namespace) -> None:
    from stack.install.system_packages import install_system_packages

    install_system_packages()


def _docker_env(paths: Paths, _options: argparse.Namespace) -> None:
    from stack.commands.docker_env import write_docker_env

    write_docker_env(paths)


def _up(paths: Paths, options: argparse.Namespace) -> None:
    from stack.commands.up import timed_start
    from stack.instance import load_instance

    instance = load_instance(paths)
    seconds = timed_start(instance)
    say(f"All services are up after {seconds:.0f} s.")
    if options.bare:
        return
    from stack.commands.welcome import welcome

    welcome(instance)


def _down(paths: Paths, _options: argparse.Namespace) -> None:
    from stack.commands.down import stop

    stop(paths)


def _status(paths: Paths, _options: argparse.Namespace) -> None:
    from stack.commands.status import status_lines
    from stack.instance import load_instance

    say("\n".join(status_lines(load_instance(paths))))


def _restart(paths: Paths, options: argparse.Namespace) -> None:
    from stack.commands.restart import restart
    from stack.instance import load_instance

    restart(load_instance(paths), options.service)


def _logs(paths: Paths, options: argparse.Namespace) -> None:
    from stack.commands.logs import follow_log, show_logs

    if options.service:
        follow_log(paths, options.service)
    else:
        show_logs(paths)


def _env(paths: Paths, _options: argparse.Namespace) -> None:
    from stack.instance import client_environment, load_instance

    say("\n".join(f"{name}={value}" for name, value in client_environment(load_instance(paths)).items()))


def _reset(paths: Paths, options: argparse.Namespace) -> None:
    from stack.commands.reset import reset

    reset(paths, force=options.force or os.environ.get("FORCE") == "1")


COMMANDS: dict[str, tuple[str, Callable[[Paths, argparse.Namespace], None]]] = {
    "install": ("install what is missing (needs only Python's standard library)", _install),
    "system-packages": ("install Debian packages that tests and sandbox need", _system_packages),
    "docker-env": ("write .env for docker-compose.yaml", _docker_env),
    "up": ("start everything, then run the main job on the samples", _up),
    "down": ("stop everything", _down),
    "status": ("print a line for each service", _status),
    "restart": ("restart one service, or all of Airflow", _restart),
    "logs": ("print the ends of all logs, or follow one", _logs),
    "env": ("print the running stack's addresses and logins as KEY=VALUE", _env),
    "reset": ("stop everything and delete its data", _reset),
}


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        COMMANDS[options.command][1](locate(), options)
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except BrokenPipeError:
        # Whoever read our output (`make logs | head`) has seen enough; nothing is left to be flushed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stack", description="Belvedere's local stack, without Docker.")
    commands = parser.add_subparsers(dest="command", required=True)
    parsers = {name: commands.add_parser(name, help=text) for name, (text, _) in COMMANDS.items()}
    parsers["up"].add_argument("--bare", action="store_true", help="start the services and nothing more")
    parsers["restart"].add_argument("service", help="a service's name, or `airflow` for its four processes")
    parsers["logs"].add_argument("service", nargs="?", help="a service's name")
    parsers["reset"].add_argument("--force", action="store_true", help="do not ask")
    return parser
