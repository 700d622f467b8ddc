# Two commands for a clean checkout: "make demo" and "make test". Each sets up what it needs in
# .venv and .tox, says what it does, and touches nothing outside but the download caches.
#
#   PYTHON=python3.13   another interpreter (3.10 or newer)
#   ARGS="-k fetch -x"  further arguments for pytest (test) or the demo
#   RELEASES=4.3.0      releases of Kafka for the matrix (all without)

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
RELEASES ?=

BIN := $(VENV)/bin
# Installing is repeated when the list of dependencies changed.
FRESH = test $(VENV)/.$@ -nt pyproject.toml

.PHONY: help demo test matrix docs lint venv clean

help:
	@echo "make demo   real text through a real Kafka 0.8.2.2 and Storm, and back, checked"
	@echo "make test   the tests, on the interpreter PYTHON (now: $(PYTHON))"
	@echo "make matrix every scenario on every release of Kafka, into the docs (RELEASES=4.3.0: on that one)"
	@echo "make lint   style, types and import rules"
	@echo "make docs   the documentation, into docs/_build/html"
	@echo "make clean  removes what these commands made in this folder"

demo: venv
	@$(FRESH) || { echo "==> installing pykafka[embedded,cli,storm] into $(VENV)"; \
	  $(BIN)/python -m pip install --disable-pip-version-check -e '.[embedded,cli,storm]' && touch $(VENV)/.$@; }
	@echo "==> the demo: demo/run.py $(ARGS)"
	@$(BIN)/python demo/run.py $(ARGS)

test: venv
	@$(FRESH) || { echo "==> installing tox into $(VENV)"; \
	  $(BIN)/python -m pip install --disable-pip-version-check 'tox>=4.21' && touch $(VENV)/.$@; }
	@echo "==> tox -e py (the first run installs pykafka and its test packages into .tox)"
	@$(BIN)/python -m tox run -e py -- $(ARGS)

matrix: venv
	@$(FRESH) || { echo "==> installing tox into $(VENV)"; \
	  $(BIN)/python -m pip install --disable-pip-version-check 'tox>=4.21' && touch $(VENV)/.$@; }
	@echo "==> tox -e matrix: tests/functional on $(or $(RELEASES),all releases of Kafka)"
	@$(BIN)/python -m tox run -e matrix -- $(if $(RELEASES),--kafka-releases $(RELEASES)) $(ARGS) || \
	  { echo "==> what failed beside others is tried once more, alone"; \
	    $(BIN)/python -m tox run -e matrix -- $(if $(RELEASES),--kafka-releases $(RELEASES)) $(ARGS) \
	      -n 0 --last-failed --last-failed-no-failures none; }

lint: venv
	@$(FRESH) || { echo "==> installing pykafka[lint,cli,embedded,storm] into $(VENV)"; \
	  $(BIN)/python -m pip install --disable-pip-version-check -e '.[lint,cli,embedded,storm]' && touch $(VENV)/.$@; }
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: venv
	@$(FRESH) || { echo "==> installing pykafka[docs] into $(VENV)"; \
	  $(BIN)/python -m pip install --disable-pip-version-check -e '.[docs]' && touch $(VENV)/.$@; }
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

# An environment of another interpreter (or of one that is gone) is made anew.
venv:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "There is no '$(PYTHON)'. Say which one to use: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "pykafka needs Python 3.10 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Say which one to use: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' comes without the venv module, which is needed to install anything beside it." >&2; \
	  echo "On Debian and Ubuntu: apt-get install python3-venv. Elsewhere, use a Python that has it:" >&2; \
	  echo "make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@want=$$($(PYTHON) -VV); have=$$($(BIN)/python -VV 2>/dev/null || true); \
	if [ "$$want" != "$$have" ]; then \
	  echo "==> making the environment $(VENV) with $$($(PYTHON) --version)"; \
	  $(PYTHON) -m venv --clear $(VENV); \
	fi

clean:
	rm -rf $(VENV) .tox build dist docs/_build *.egg-info \
	  .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
