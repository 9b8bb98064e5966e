"""The ``webui`` command. Each subcommand is a module with ``add_parser`` and ``run``, imported when it is called."""

from __future__ import annotations

import argparse
import os
import sys

import webui
from webui.cli import doctor, keys, settings

COMMANDS = (doctor, keys, settings)


def main(argv: list[str] | None = None) -> int:
    """Entry point of the console script; returns the exit code."""
    parser = argparse.ArgumentParser(prog="webui", description="Looks after a webui server.")
    parser.add_argument("--version", action="version", version=f"webui {webui.__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
