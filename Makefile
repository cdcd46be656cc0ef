# The two commands that matter: `make demo` and `make test`. Both set up all that they need.
PYTHON ?= python3
VENV ?= .venv
DEMO ?= build/demo
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check --quiet install

.PHONY: demo test lint types unit e2e-full e2e-verdaccio fuzz fuzz-api bench bench-proxy evals stability noise facts lock docs tamper clean

demo: $(DEMO)/installed
	@$(PYTHON) examples/demo.py $(DEMO)/bin/pratique
	@$(PYTHON) examples/firewall.py $(DEMO)/bin/pratique

test: lint types unit

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/installed
	$(BIN)/mypy

unit: $(VENV)/installed
	$(BIN)/pytest -n 2 --dist loadfile

# What `make test` leaves out: every real client in every case of the firewall. About 25 minutes.
e2e-full: $(VENV)/installed
	PRATIQUE_REQUIRE=online $(BIN)/pytest -m full tests/e2e

# Verdaccio's own tests of a registry, against Verdaccio and the firewall: docs/registry-tests.md.
# About 15 minutes.
e2e-verdaccio: $(VENV)/installed
	$(BIN)/python -m tests.e2e.verdaccio
	$(BIN)/python -m tests.e2e.verdaccio --contracts --write

# Ten minutes for each parser of hostile bytes; not part of the tests.
fuzz: $(VENV)/installed
	$(BIN)/python $(PIP) --require-hashes -r requirements/fuzz.txt
	$(BIN)/python -m tests.fuzz --seconds 600

# Ten minutes of requests that the firewall's OpenAPI document allows, and others; not in the tests.
fuzz-api: $(VENV)/installed
	$(BIN)/python -m tests.e2e.fuzzing_api 600

# Layer 1 on the recorded repositories, by what the configured registry says now; and recording it.
noise: $(VENV)/installed
	PRATIQUE_NOISE=live PRATIQUE_REQUIRE=shared $(BIN)/pytest tests/e2e/test_no_noise.py

facts: $(VENV)/installed
	$(BIN)/python -m tools.record_facts $${PRATIQUE_SHARED:-../shared}

bench: $(VENV)/installed
	$(BIN)/python -m bench

# The firewall's load beside Verdaccio 6 and nginx; needs wrk, nginx, node and npm.
bench-proxy: $(VENV)/installed
	@command -v wrk >/dev/null && PATH=$$PATH:/usr/sbin command -v nginx >/dev/null \
	  || { apt-get update -q && apt-get install -q -y --no-install-recommends wrk nginx-light; }
	$(BIN)/python -m bench.proxy

# Layer 9 on real updates and on hostile shapes laid over them; keeps evals/results.md.
evals: $(VENV)/installed
	$(BIN)/python -m evals.corpus
	$(BIN)/python -m evals

# Layer 9 on packages rewritten by a minifier and an obfuscator; keeps evals/stability.md.
stability: $(VENV)/installed
	$(BIN)/python -m evals.stability

docs: $(VENV)/installed
	$(BIN)/python tools/generate_docs.py
	$(BIN)/python tools/generate_cli_docs.py
	$(BIN)/python tools/generate_layer_docs.py
	$(BIN)/python tools/generate_capability_docs.py
	$(BIN)/python tools/generate_client_docs.py

# Our own dependencies, locked with digests, none younger than a week.
lock: $(VENV)/installed
	$(BIN)/python tools/lock.py

$(VENV)/installed: requirements/test.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
# The list is whole. What a package asks of another's extra, pip takes for not locked.
	$(BIN)/python $(PIP) --require-hashes --no-deps -r requirements/test.txt
	$(BIN)/python $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEMO)/installed: requirements/proxy.txt requirements/build.txt pyproject.toml
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python $(PIP) --require-hashes -r requirements/proxy.txt -r requirements/build.txt
	$(DEMO)/bin/python $(PIP) --no-deps --no-build-isolation .
	@touch $@

clean:
	rm -rf build dist $(VENV)
