"""The commands that need no stack, `sample` and `serve`: their options, help, and the call.

Everything heavy is imported inside the command that needs it, so that help and mistakes answer at
once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline.options import folder, json_option, pass_answer

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.answer import Answer


@click.command()
@click.argument("folder", type=folder, metavar="DIR")
@click.option("--songs", type=click.IntRange(1, 1_000_000), default=300, show_default=True)
@click.option("--days", type=click.IntRange(0, 3650), default=3, show_default=True)
@click.option(
    "--events-per-day", type=click.IntRange(1, 10_000_000), default=2000, show_default=True
)
@click.option("--seed", type=int, default=1, show_default=True, help="Other seed, other data.")
@click.option(
    "--dirty",
    type=click.FloatRange(0.0, 1.0),
    default=0.0,
    metavar="FRACTION",
    help="Make this fraction of log lines and song files bad, and repeat some objects.",
)
@json_option
@pass_answer
def sample(answer: Answer, /, folder: Path, **amounts: Any) -> None:
    """Write sample input to DIR: songs as song-data/, days of user events as log-data/.

    All names are invented. The same arguments write the same bytes, everywhere and always.

    \b
    Examples:
      lakehouse sample music
      lakehouse sample music --songs 3000 --days 30 --events-per-day 15000 --seed 7 --dirty 0.01
    """
    from pipeline.progress import display_for  # noqa: PLC0415
    from pipeline.sample import Recipe, write_sample  # noqa: PLC0415

    written = write_sample(folder, Recipe(**amounts), display_for())
    answer.document.update(status="succeeded", **written.as_json())
    if not answer.as_json:
        click.echo(written.as_text())


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4566,
    show_default=True,
    help="Port on 127.0.0.1; 0 picks a free one.",
)
@click.option(
    "--state", type=folder, metavar="DIR", help="Serve, and keep, the data of this folder."
)
@click.option(
    "--with-stack", is_flag=True, help="Create the local stack first, if it is not there."
)
@json_option
@pass_answer
def serve(answer: Answer, /, port: int, state: Path | None, with_stack: bool) -> None:
    """Serve AWS on this machine, for the AWS CLI or any other client, until Ctrl-C.

    Only this machine can reach it. `--state` takes the folder of a `lakehouse run --local`.

    \b
    Examples:
      lakehouse serve --state state
      lakehouse serve --port 0 --with-stack --json
    """
    from pipeline.serve import serve as serve_until_interrupted  # noqa: PLC0415

    def ready(document: dict[str, Any], text: str) -> None:
        answer.document.update(document)
        if answer.as_json:
            answer.close()
            answer.as_json = False  # One object per command: the ending adds none.
        else:
            click.echo(text)

    serve_until_interrupted(port, state, with_stack=with_stack, ready=ready)


COMMANDS = (sample, serve)
"""What this module adds to the group in `pipeline.cli`."""
