# Two commands to begin with: `make run` (the desk, with a demo to play with) and `make test`.
# Each sets up what it needs in this checkout; only Python 3.11 to 3.13, git and make are needed before.

PYTHON ?= python3
PORT ?= 8000
DATA ?= data

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install --no-build-isolation --no-deps --editable .
SOURCES := pyproject.toml build_catalogues.py $(shell find src -name '*.po')
NODE := tests/servers/node/node_modules/.stamp

.DEFAULT_GOAL := help
.PHONY: help run test check bench docs wheel lock format clean

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 16

run: $(VENV)/desk ## Start the desk with the demo; PORT= and DATA= choose where
	@exec $(BIN)/vivavoce up --demo --port $(PORT) --data "$(DATA)"

test: $(VENV)/dev ## Run all tests: unit, contract, real servers, real browser
	@$(BIN)/python -m tests.servers.node || echo "SKIPPED ALOUD: the local Bluesky network cannot be set up (see above)"
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup $(ARGS)

check: $(VENV)/dev ## Lint, types, architecture, translations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src tests bench scripts
	$(BIN)/lint-imports
	@mkdir -p $(VENV)/check
	VIVAVOCE_DATA=$(VENV)/check $(BIN)/python -m django makemigrations --check --dry-run --settings vivavoce.desk.settings

bench: $(VENV)/dev ## Measure against the goals; prints every figure of the docs
	$(BIN)/python -m bench $(ARGS)

docs: $(VENV)/dev ## Take the pictures of the docs anew
	$(BIN)/python -m scripts.screenshots

wheel: $(VENV)/dev ## Build the wheel, install it in an empty environment elsewhere, start it
	$(BIN)/python scripts/wheel_smoke.py

lock: $(VENV)/dev ## Compile the locks anew
	PATH="$(CURDIR)/$(BIN):$$PATH" requirements/lock.sh

format: $(VENV)/dev ## Format the sources
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove what these targets made, but no data
	rm -rf $(VENV) build dist tests/servers/node/node_modules

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Viva Voce needs Python 3.11, 3.12 or 3.13; choose one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/desk: requirements/desk.txt $(SOURCES) | $(VENV)/bin/python
	@test -e $(VENV)/dev || { echo "Setting up (once, about a minute)..."; $(PIP) install --require-hashes -r requirements/desk.txt; }
	@$(INSTALL)
	@touch $@

$(VENV)/dev: requirements/dev.txt $(SOURCES) | $(VENV)/bin/python
	@echo "Setting up the tests (once, some minutes)..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(INSTALL)
	@touch $@
