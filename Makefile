# Four commands: `make demo` (an atlas of the quickstart study), `make test` (all checks), `make quick` (the checks
# that touch neither a server, a browser nor a training run: after each change) and `make docs` (the documentation as
# one site, which opens from disk). They make their own environment in
# .venv with pip alone. CI may name another folder: make test VENV=...

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STUDY := deployments/studies/demo.yaml

# else each of the many processes that the tests start would compile all modules anew
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: demo test quick lint types unit fast slow docs clean

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

# strict: a dead link, or a page that docs/index.md does not list, is an error
docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -q -b html -W --keep-going -n docs build/docs
	@echo "documentation: build/docs/index.html"

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(VENV)/.docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) runs build/docs
