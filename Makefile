# The only list of commands. `make run` and `make test` are the two a newcomer needs.
PYTHON ?= python3
VENV := .venv
FARZ := $(VENV)/bin/farz
LEXICAL := var/models/lexical
SETUP := $(VENV)/.setup
VALIDATION ?= ../shared/data/validation

.PHONY: setup run test lint format train evaluate bench clean

setup: $(SETUP)

$(SETUP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Farz needs Python 3.11 or later; set PYTHON=/path/to/python3.11")'
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check --progress-bar on -c constraints.txt -e '.[serve,train,parquet,dev]'
	@touch $@

run: setup $(LEXICAL)/manifest.json
	$(FARZ) serve --model $(LEXICAL)

$(LEXICAL)/manifest.json: $(SETUP) $(shell find data/corpus -name '*.jsonl') training/recipes/lexical.toml
	$(FARZ) train --data data/corpus --config training/recipes/lexical.toml --out $(LEXICAL)

train: setup
	$(FARZ) train --data data/corpus --config training/recipes/lexical.toml --out $(LEXICAL)

test: setup lint
	$(VENV)/bin/pytest -n 2

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: setup
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# The bundle's own test split, and a validation set where there is one.
evaluate: setup $(LEXICAL)/manifest.json
	$(FARZ) evaluate --model $(LEXICAL) --data data/corpus --side test --out var/evaluation/test
	@test ! -d $(VALIDATION) || $(FARZ) evaluate --model $(LEXICAL) --data $(VALIDATION) --out var/evaluation/validation

bench: setup $(LEXICAL)/manifest.json
	$(FARZ) bench --model $(LEXICAL)

clean:
	rm -rf $(VENV) var
