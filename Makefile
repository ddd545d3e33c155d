# Two commands for a newcomer: `make demo` and `make test`. `make help` lists the others.
PYTHON ?= python3

.PHONY: env
env: ## make .venv from the lock (at once when nothing changed)
	@$(PYTHON) deploy/environment.py
