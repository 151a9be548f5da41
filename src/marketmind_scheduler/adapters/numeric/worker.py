"""A process that answers questions on its standard input, one after the other, until that ends."""

import os
import pickle
import signal
import sys
from importlib import import_module
from typing import BinaryIO

from marketmind_scheduler.adapters.numeric.frames import HEAD, framed, length_of


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asks; its end is the end of the input
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # where HiGHS prints its banner
        answer_all(sys.stdin.buffer, answers)


def answer_all(questions: BinaryIO, answers: BinaryIO) -> None:
    while head := questions.read(HEAD):
        answers.writelines(framed(_answer(questions.read(length_of(head)))))
        answers.flush()


def _answer(question: bytes) -> bytes:
    """Whether it went well, and what was returned or raised."""
    try:
        name, arguments = pickle.loads(question)  # noqa: S301  # our own process wrote it
        module, function = name.split(":")
        return pickle.dumps((True, getattr(import_module(module), function)(*arguments)))
    except Exception as raised:  # noqa: BLE001  # whoever asked is told
        return pickle.dumps((False, f"{type(raised).__name__}: {raised}"))


if __name__ == "__main__":
    main()
