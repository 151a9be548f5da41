"""Ending with the process that started this one."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def stop_with_make() -> None:
    """When ``make`` runs this process, be told to stop if make is killed; Linux only, elsewhere nothing happens.

    A make that ends in order passes the signal on itself. One that is killed would leave the service, and with it
    the embedded PostgreSQL, running unseen.
    """
    if sys.platform == "linux" and "MAKELEVEL" in os.environ:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
