"""What the commands have in common."""

from __future__ import annotations

import argparse


def add_ini(*parsers: argparse.ArgumentParser) -> None:
    """Declare ``--ini`` for a command (the first parser) and its actions, so that it may stand before or after them."""
    for parser in parsers:
        parser.add_argument(
            "--ini",
            metavar="FILE",
            default=argparse.SUPPRESS,  # a default of the action's would replace what stands before it
            help="INI file; $WEBUI_INI or ./development.ini when not given",
        )
    parsers[0].set_defaults(ini=None)
