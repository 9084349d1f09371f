PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo test test-full faults verify reproduce lint type clean
FAULTS ?= 50
# Which tests test-full runs, as: make test-full MARKS="not long"
MARKS ?=
FULL_WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) * 3 / 2 )))

setup: $(READY)

# Made again only when the project's requirements change.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

demo: $(READY)
	$(BIN)/python train.py experiment=vdsr_demo

# Threads of parallel test workers would fight for the processors.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

# With real trainings, kills, several processes, a browser and a cluster.
# Many of these tests wait for processes that start or stop, so there are more workers than processors.
test-full: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(FULL_WORKERS) --dist worksteal -m "$(MARKS)"

# Strikes at many moments, and writes the table of docs/reliability.md.
faults: $(READY)
	rm -f .faults.jsonl
	OMP_NUM_THREADS=1 FAULTS=$(FAULTS) FAULT_RECORDS=.faults.jsonl $(BIN)/python -m pytest -n auto --dist worksteal tests/faults
	$(BIN)/python -m tests.faults.table .faults.jsonl

# Do the numbers of this machine agree with the recorded ones?
verify: $(READY)
	$(BIN)/python verify.py

# One cell of benchmarks/full_length/cells.yaml, from where it stands:
# make reproduce CELL=vdsr/table1/residual_1e-1 SEED=1 ARGS="data.root=DATA"
reproduce: $(READY)
	$(BIN)/python -m benchmarks.full_length.reproduce $(CELL) $(SEED) $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: $(READY)
	$(BIN)/mypy

clean:
	rm -rf $(VENV) dist build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
