# Needs only Python 3.11 or newer with venv, and make. `PYTHON=` picks the interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Many tests wait for processes and screens: one more worker than there are processors.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

.DEFAULT_GOAL := help
.PHONY: help demo sandbox serve tui test test-real lint format bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(INSTALLED) ## start the sandbox CRM and ERP, reconcile them once over HTTP, print the summary
	@$(BIN)/python -m reconciler.cli.demo

sandbox: $(INSTALLED) ## start the sandbox CRM and ERP and leave them running (Ctrl-C stops them)
	@$(BIN)/reconciler sandbox --dir demo

serve: $(INSTALLED) ## the sandbox systems and the HTTP service over them (Ctrl-C stops all)
	@$(BIN)/python -m reconciler.cli.demo serve

tui: $(INSTALLED) ## the sandbox systems and the terminal UI over them
	@$(BIN)/python -m reconciler.cli.demo tui

test: $(INSTALLED) ## run the whole test suite
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

test-real: $(INSTALLED) ## a real Tryton ERP, Apache Spark alone and as a cluster from PyPI, vsftpd and OpenSSH from Debian; prints JSON
	@$(BIN)/python -m tests.real.run

lint: $(INSTALLED) ## ruff, mypy (strict) and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(INSTALLED) ## rewrite the code in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

$(VENV)/.bench: $(INSTALLED)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]'
	@touch $@

bench: $(VENV)/.bench ## speed and memory as ratios against a bare baseline; prints JSON
	@$(BIN)/python -m tests.bench

clean: ## remove what the targets above made
	@rm -rf $(VENV) .venv-real demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find reconciler tui tests -name __pycache__ -prune -exec rm -rf {} +
