# Four commands: `make demo` (an atlas of the quickstart study), `make test` (all checks), `make quick` (the checks
# that touch neither a server, a browser nor a training run: after each change) and `make docs` (the documentation as
# one site, which opens from disk). They make their own environment in
# .venv with pip alone. CI may name another folder: make test VENV=...
# `make bounds` tries what lies above each upper bound of pyproject.toml (CONTRIBUTING.md).

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STUDY := deployments/studies/demo.yaml

# else each of the many processes that the tests start would compile all modules anew
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: demo test quick lint types unit fast slow docs bounds clean

demo: $(VENV)/.installed
	@echo "3/3 $(STUDY): the line with its address comes first, then progress with the time left"
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

# strict: a dead link, or a page that docs/index.md does not list, is an error
docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -q -b html -W --keep-going -n docs build/docs
	@echo "documentation: build/docs/index.html"

bounds: $(VENV)/.dev
	$(BIN)/python tests/bounds.py

# pip, with a line for what it does: packages as they come, then the size of the environment while it unpacks
pip = $(BIN)/python -u tests/pip_lines.py $(VENV)

$(VENV)/bin/python:
	@echo "1/3 a Python environment in $(VENV) (some seconds)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "2/3 Spike Atlas and what it needs, into $(VENV): torch is most of it (with CUDA 3 GB to load and 6 GB on disk; minutes)"
	@$(pip) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	@echo "the tools of the tests, into $(VENV) (a minute)"
	@$(pip) --editable '.[dev]'
	@touch $@

$(VENV)/.docs: $(VENV)/.installed
	@echo "the tools of the documentation, into $(VENV) (seconds)"
	@$(pip) --editable '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) runs build/docs
