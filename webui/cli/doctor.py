"""``webui doctor``: what is wrong, why, and what mends it.

Exit codes: 0 nothing, or warnings alone; 1 a problem; 2 the call is wrong.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from webui.cli.options import add_ini


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the ``doctor`` command."""
    parser = subparsers.add_parser("doctor", help="look for what is wrong, and say what mends it")
    add_ini(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="a check or a group of them")
    parser.add_argument("--slow", action="store_true", help="also start the local model, and check a file of any size")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry out the command; returns the exit code."""
    from webui.doctor.checks import chosen, examine
    from webui.doctor.context import Context
    from webui.doctor.finding import Status
    from webui.doctor.report import as_json, as_text, count
    from webui.settings import default_ini

    try:
        checks = chosen(args.only)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    ini = args.ini or default_ini()
    if ini and _is_missing(Path(ini)):
        print(f"{ini}: there is no such file", file=sys.stderr)
        return 2
    context = Context(ini, slow=args.slow)
    try:
        found = list(examine(context, checks))
    finally:
        context.close()
    print(as_json(found) if args.json else as_text(found))
    return 1 if count(found, Status.PROBLEM) else 0


def _is_missing(path: Path) -> bool:
    """Whether there is no such file; one that this user may not look at is for the doctor to judge."""
    try:
        return not path.is_file()
    except PermissionError:
        return False
