# Three commands: `make demo` (an atlas of the quickstart study), `make test` (all checks) and `make quick` (the checks
# that touch neither a server, a browser nor a training run: after each change). They make their own environment in
# .venv with pip alone. CI may name another folder: make test VENV=...

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STUDY := deployments/studies/demo.yaml

# else each of the many processes that the tests start would compile all modules anew
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: demo test quick lint types unit fast slow clean

demo: $(VENV)/.installed
	$(BIN)/spikeatlas run $(STUDY)

# the types are checked by one process: the tests run beside it
test: $(VENV)/.dev
	$(MAKE) --no-print-directory --jobs=2 lint types unit

quick: $(VENV)/.dev
	$(MAKE) --no-print-directory --jobs=2 lint types fast

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

unit: $(VENV)/.dev
	$(BIN)/pytest -n 2 --dist worksteal

fast: $(VENV)/.dev
	$(BIN)/pytest -n 2 --dist worksteal -m "not (slow or server or browser or trains)"

slow: $(VENV)/.dev
	$(BIN)/pytest -m slow

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) runs
