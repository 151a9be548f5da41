"""``marketmind-scheduler`` in processes of its own.

Importing it takes longer than most of what it is asked to do, so every command is imported once, in a process that is
forked for each start.
"""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

import rich_click as click

from marketmind_scheduler.entrypoints.commands.cli import NAME, main

PROGRAM = Path(sysconfig.get_path("scripts"), NAME)

_ENVIRONMENT = {"TERM": "xterm-256color"}
for _name in main.list_commands(_anywhere := click.Context(main)):
    main.get_command(_anywhere, _name)
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload([__name__])


class Program:
    """One that runs, or has ended. It has this environment and no other. Standard error goes where standard output
    goes, unless ``complaints`` says otherwise."""

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str],
        directory: Path,
        printed: Path,
        complaints: Path | None = None,
    ) -> None:
        outputs = printed, complaints or printed
        self._process = _forking.Process(target=_run, args=(arguments, dict(environment), directory, outputs))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; the number of a signal that ended it, negative."""
        return self._process.exitcode

    def send_signal(self, which: signal.Signals) -> None:
        os.kill(self.pid, which)

    def kill(self) -> None:
        self._process.kill()

    def ended(self, *, seconds: float) -> int:
        """The same, once it has ended; it is killed if it takes longer."""
        self._process.join(seconds)
        if self.returncode is None:
            self.kill()
            raise TimeoutError
        return self.returncode

    async def wait(self) -> int:
        if self.returncode is None:
            loop, ended = asyncio.get_running_loop(), asyncio.Event()
            loop.add_reader(self._process.sentinel, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(self._process.sentinel)
            self._process.join()
        assert self.returncode is not None
        return self.returncode


class CommandLine:
    """The program in a directory of its own, with an environment of its own, its output piped."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments],
            env=_ENVIRONMENT | environment,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )


class ImportedCommandLine(CommandLine):
    """The same without the time that its imports take."""

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        with NamedTemporaryFile() as printed, NamedTemporaryFile() as complaints:
            program = Program(
                *arguments,
                environment=_ENVIRONMENT | environment,
                directory=self.directory,
                printed=Path(printed.name),
                complaints=Path(complaints.name),
            )
            returncode = program.ended(seconds=60)
            outputs = printed.read().decode(), complaints.read().decode()
        return subprocess.CompletedProcess(arguments, returncode, *outputs)


def _run(arguments: tuple[str, ...], environment: dict[str, str], directory: Path, outputs: tuple[Path, Path]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(directory)
    for descriptor, path in enumerate(outputs, start=1):
        with path.open("ab") as output:
            os.dup2(output.fileno(), descriptor)
    sys.argv = [NAME, *arguments]
    main()
