# The only list of commands. `make run` and `make test` are the two a newcomer needs.
PYTHON ?= python3
VENV := .venv
FARZ := $(VENV)/bin/farz
LEXICAL := var/models/lexical
FROZEN := var/models/frozen
RELEASED := model/released
ENCODER := var/encoders/e5-small
TUNED := var/encoders/e5-small-tuned
SETUP := $(VENV)/.setup
VALIDATION ?= ../shared/data/validation
PUBLIC ?= ../shared/data/public

CORPUS := $(shell find data/corpus -name '*.jsonl')

.PHONY: setup run test test-finetune lint format train release evaluate bench peers clean

setup: $(SETUP)

$(SETUP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Farz needs Python 3.11 or later; set PYTHON=/path/to/python3.11")'
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check --progress-bar on -c constraints.txt -e '.[serve,train,parquet,dev]'
	@touch $@

run: setup
	$(FARZ) serve --model $(RELEASED)

$(LEXICAL)/manifest.json: $(SETUP) $(CORPUS) training/recipes/lexical.toml
	$(FARZ) train --data data/corpus --config training/recipes/lexical.toml --out $(LEXICAL)

$(FROZEN)/manifest.json: $(SETUP) $(CORPUS) training/recipes/frozen.toml $(ENCODER)/about.json
	$(FARZ) train --data data/corpus --config training/recipes/frozen.toml --encoder $(ENCODER) --out $(FROZEN)

# The two models that a laptop retrains in minutes.
train: $(LEXICAL)/manifest.json $(FROZEN)/manifest.json

# What torch is needed for: an encoder's graph, and fine-tuning.
$(VENV)/.finetune: $(SETUP)
	$(VENV)/bin/python -m pip install --disable-pip-version-check --progress-bar on -c constraints.txt -e '.[finetune]'
	@touch $@

$(ENCODER)/about.json: $(CORPUS) | $(VENV)/.finetune
	rm -rf var/encoders/fetched $(ENCODER)
	$(FARZ) encoder fetch --out var/encoders/fetched
	$(FARZ) encoder prepare --checkpoint var/encoders/fetched --data data/corpus --out $(ENCODER)

# The released model, from corpus and encoder; interrupted, it goes on where it stopped.
$(TUNED)/about.json: $(ENCODER)/about.json training/recipes/finetuned.toml
	rm -rf $(TUNED)
	$(FARZ) encoder finetune --prepared $(ENCODER) --data data/corpus --config training/recipes/finetuned.toml --out $(TUNED)

release: $(TUNED)/about.json
	$(FARZ) train --data data/corpus --config training/recipes/finetuned.toml --encoder $(TUNED) --out $(RELEASED)

# What a data scientist would otherwise pick, beside Farz: about an hour, on an idle machine.
$(VENV)/.peers: $(VENV)/.finetune
	$(VENV)/bin/python -m pip install --disable-pip-version-check --progress-bar on -c constraints.txt -e '.[peers]'
	@touch $@

peers: $(VENV)/.peers $(ENCODER)/about.json
	$(VENV)/bin/python -m evaluation.peers.benchmark --data data/corpus --released $(RELEASED) --encoder $(ENCODER) --public $(PUBLIC) --validation $(VALIDATION) --out evaluation/results/peers.json

test-finetune: $(VENV)/.finetune
	$(VENV)/bin/pytest tests/slow/test_finetune.py

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
	$(FARZ) evaluate --model $(RELEASED) --beside $(LEXICAL) --data data/corpus --side test --out var/evaluation/test
	@test ! -d $(VALIDATION) || $(FARZ) evaluate --model $(RELEASED) --beside $(LEXICAL) --data $(VALIDATION) --perturbed --out var/evaluation/validation

bench: setup
	$(FARZ) bench --model $(RELEASED)

clean:
	rm -rf $(VENV) var
