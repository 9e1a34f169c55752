# Two commands: `make demo` (an atlas of the quickstart study) and `make test` (all checks).
# Both make their own environment in .venv with pip alone. CI may name another folder: make test VENV=...

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STUDY := deployments/studies/demo.yaml

.DELETE_ON_ERROR:
.PHONY: demo test lint types unit slow clean

demo: $(VENV)/.installed
	$(BIN)/spikeatlas run $(STUDY)

test: lint types unit

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

unit: $(VENV)/.dev
	$(BIN)/pytest -n 2 --dist worksteal

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
