"""An engine's worker processes: start, look after, kill, stop."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

import psutil
from benchmarks.engines.engine import Command

STOP_SECONDS = 20


class Workers:
    def __init__(self, command: Command, count: int) -> None:
        self._errors = TemporaryFile()  # noqa: SIM115  (closed by stop)
        self._processes = [start(command, self._errors.fileno()) for _ in range(count)]
        self._killed: set[int] = set()

    def kill_one(self) -> None:
        victim = self._processes[0]
        self._killed.add(victim.pid)
        victim.kill()
        victim.wait()

    def check(self) -> None:
        """End the benchmark with what a worker said if it ended by itself."""
        for process in self._processes:
            if process.poll() is not None and process.pid not in self._killed:
                self._errors.seek(0)
                said = self._errors.read().decode(errors="replace").splitlines()[-10:]
                sys.exit("\n".join([f"a worker ended with {process.returncode}: {process.args}", *said]))

    def cpu_seconds(self) -> float:
        times = [process.cpu_times() for process in self._running()]
        return sum(each.user + each.system for each in times)

    def largest_bytes(self) -> int:
        return max((process.memory_info().rss for process in self._running()), default=0)

    def stop(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            process.kill()
            process.wait()
        self._errors.close()

    def _running(self) -> list[psutil.Process]:
        return [psutil.Process(each.pid) for each in self._processes if each.poll() is None]


@contextmanager
def workers(command: Command, count: int) -> Generator[Workers]:
    started = Workers(command, count)
    try:
        yield started
    finally:
        started.stop()


def run_once(command: Command) -> None:
    done = subprocess.run(
        command.arguments, env=environment(command), capture_output=True, text=True, check=False, cwd=Path.cwd().root
    )
    if done.returncode:
        sys.exit(f"{' '.join(command.arguments)} failed:\n{done.stderr[-2000:]}")


def start(command: Command, errors: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command.arguments,
        env=environment(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        cwd=Path.cwd().root,  # where no .env lies
    )


def environment(command: Command) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SCHEDULER_")}
    return {**inherited, **command.environment}
