"""Runs the command line in this process."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from stabcheck.cli import main


@dataclass(frozen=True)
class Result:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line on stderr."""
        (line,) = self.err.splitlines()
        return line


def stabcheck(capsys, *arguments: object) -> Result:
    """Run `stabcheck ARGUMENTS`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["stabcheck", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
    printed = capsys.readouterr()
    return Result(stopped.value.code or 0, printed.out, printed.err)
