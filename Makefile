# Two commands for a newcomer: `make demo` and `make test`. `make help` lists the others.
# The first that is new enough; PYTHON=/usr/bin/python3.11 names another.
PYTHON ?= $(or $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done), \
	$(error Python 3.11 or newer is needed: install it, or name it by PYTHON=))
BIN := .venv/bin
.DEFAULT_GOAL := help

.PHONY: help env demo test up down clean check bench faults

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: ## make .venv from the lock (at once when nothing changed)
	@$(PYTHON) deploy/environment.py

demo: env ## start everything, play the story, stop everything (VERBOSE=1 each event's way, KEEP=1 leaves it up, COMPOSE=1 on what compose brought up)
	@$(BIN)/careers demo $(if $(VERBOSE),--verbose) $(if $(KEEP),--keep) $(if $(COMPOSE),--compose)

test: env ## everything that the tests need, then the tests (ARGS="tests/local -k port")
	@$(BIN)/pytest $(or $(ARGS),--numprocesses 2 --dist worksteal)

up: env ## start what is not running, return when all is ready (SERVICES="profiles projections" for some)
	@$(BIN)/careers up $(SERVICES)

down: ## stop all of it, a demo left up too; keep the data
	@if [ -x $(BIN)/careers ]; then $(BIN)/careers down; fi

clean: ## stop all of it and remove data, logs and environment
	@if [ -x $(BIN)/careers ]; then $(BIN)/careers down --forget; fi
	@rm -rf .local .venv

check: env ## format, lint, types, import rules
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: env ## each figure beside its ceiling (ARGS="P1 P4" for some)
	@$(PYTHON) deploy/environment.py --with peers
	@$(BIN)/python -m benchmarks $(ARGS)

faults: env ## kills and freezes under load, then the checker (ARGS="--seed 7 --kills 200")
	@$(BIN)/python -m tests.faults $(ARGS)
