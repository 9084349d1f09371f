PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOWEST := .venv-lowest
FAULTS ?= 50
# Which tests test-full runs, as: make test-full MARKS="not long"
MARKS ?=
FULL_WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) * 3 / 2 )))
# Threads of parallel test workers would fight for the processors.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --dist worksteal

.PHONY: help setup demo test test-full test-lowest faults verify reproduce lint type docs package audit clean
.DEFAULT_GOAL := help

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; \
	do printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: $(READY)  ## everything into .venv

# Made again only when the project's requirements change.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

demo: $(READY)  ## trains a small VDSR on photographs that need no download, and shows its scores
	$(BIN)/python train.py experiment=vdsr_demo

test: $(READY)  ## the quick tests, for each change (under 3 minutes on two cores)
	$(PYTEST) -n auto -m "not slow"

# Many of these tests wait for processes that start or stop, so there are more workers than processors.
test-full: $(READY)  ## all tests: real trainings, kills, several processes, a browser, a cluster
	$(PYTEST) -n $(FULL_WORKERS) -m "$(MARKS)"

test-lowest: $(READY)  ## the quick tests with the lowest versions that pyproject.toml allows
	test -x $(LOWEST)/bin/python || $(BIN)/uv venv --quiet --python $(BIN)/python $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct -e '.[dev]'
	OMP_NUM_THREADS=1 $(LOWEST)/bin/python -m pytest -n auto --dist worksteal -m "not slow"

# Strikes at many moments, and writes the table of docs/reliability.md.
faults: $(READY)  ## kills, full disks and damaged files at FAULTS=50 moments
	rm -f .faults.jsonl
	FAULTS=$(FAULTS) FAULT_RECORDS=.faults.jsonl $(PYTEST) -n auto tests/faults
	$(BIN)/python -m tests.faults.table .faults.jsonl

verify: $(READY)  ## do the numbers of this machine agree with the recorded ones?
	$(BIN)/python verify.py

# One cell of benchmarks/full_length/cells.yaml, from where it stands.
reproduce: $(READY)  ## a published cell in full length: CELL=vdsr/table1/residual_1e-1 SEED=1 ARGS="data.root=DATA"
	$(BIN)/python -m benchmarks.full_length.reproduce $(CELL) $(SEED) $(ARGS)

lint: $(READY)  ## ruff: mistakes and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: $(READY)  ## mypy, strict
	$(BIN)/mypy

# site/index.html opens without a server.
docs: $(READY)  ## the site, into site/; a dead link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

package: $(READY)  ## wheel and source distribution into dist/
	$(BIN)/python -m build --no-isolation

# --strict: what could not be looked up is no good news.
audit: $(READY)  ## known vulnerabilities of the pinned versions (asks PyPI)
	$(BIN)/pip-audit --strict --no-deps --disable-pip -r constraints.txt

clean:  ## removes what these commands have made, but for runs
	rm -rf $(VENV) $(LOWEST) dist build site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
