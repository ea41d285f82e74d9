"""`python -m localaws`: an AWS for any client, on this machine only."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

from localaws.errors import LocalawsError
from localaws.startup import serve


def main() -> int:
    """Run the server; return 0 after a clean stop, 2 when it could not start."""
    parser = argparse.ArgumentParser(prog="localaws", description=__doc__)
    parser.add_argument("--port", type=int, default=4566, help="0 picks a free port (default 4566)")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="keep everything in this folder between runs"
    )
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="stop when standard input ends"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    try:
        serve(port=options.port, state=options.state, exit_with_parent=options.exit_with_parent)
    except LocalawsError as error:
        report = {"error": type(error).__name__, "message": str(error)}
        print(json.dumps(report), flush=True)  # noqa: T201 - for the program that started it
        print(f"localaws: {error}", file=sys.stderr)  # noqa: T201 - for people
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
