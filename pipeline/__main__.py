"""`python -m pipeline`: the `lakehouse` command where it is not installed."""

from __future__ import annotations

from pipeline.cli import main

if __name__ == "__main__":
    main()
