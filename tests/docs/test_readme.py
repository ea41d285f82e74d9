"""The documents say what is there: commands that exist, links that lead somewhere."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import cli

ROOT = Path(__file__).resolve().parents[2]
MAKE = shutil.which("make") or "make"
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))


def commands(program: str) -> list[list[str]]:
    """The lines of README's console blocks that run `program`, split as a shell splits them."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.split(" #")[0] for block in blocks for line in block.splitlines()]
    words = [shlex.split(line) for line in lines]
    return [line[1:] for line in words if line and Path(line[0]).name == program]


@pytest.mark.parametrize("words", commands("lakehouse"), ids=" ".join)
def test_every_lakehouse_command_of_the_readme_is_one(words: list[str]) -> None:
    """Each command and each of its options is known to the command line."""
    command, options = words[0], [word for word in words[1:] if word.startswith("--")]
    told = CliRunner().invoke(cli, [command, "--help"])
    assert told.exit_code == 0, told.output
    for option in options:
        assert option in told.output


@pytest.mark.parametrize("words", commands("make"), ids=" ".join)
def test_every_make_target_of_the_readme_is_one(words: list[str]) -> None:
    """Each target exists, and `make help` explains it."""
    told = subprocess.run([MAKE, "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert re.search(rf"^{words[0]}\s+\w", told.stdout, re.MULTILINE)


def test_every_command_is_named_in_the_readme_or_explains_itself() -> None:
    """No command without a help text."""
    for name, command in cli.commands.items():
        assert command.help or command.short_help, name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link names a file or folder of the repository."""
    for target in re.findall(r"\]\(([^)#\s]+)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_adrs_have_the_three_parts() -> None:
    """Each decision says what was found, what is done and what follows."""
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert decisions
    for decision in decisions:
        headings = re.findall(r"^## (.*)$", decision.read_text(), re.MULTILINE)
        assert headings == ["What we found", "What we do", "What follows"], decision.name
