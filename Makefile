# A newcomer needs two of these: `make demo` and `make test`. Both set themselves up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test fuzz soak bench lint clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,demo]'
	touch $@

demo: $(VENV)/installed  ## everything at once, with the built-in mock
	$(BIN)/tokentape demo

test: lint  ## everything a change has to pass
	$(BIN)/pytest -n 3 --dist worksteal

fuzz: $(VENV)/installed  ## the property tests, for much longer
	HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest -n auto --dist worksteal tests/laws

soak: $(VENV)/installed  ## a hundred thousand requests, with memory and descriptors watched
	$(BIN)/python -m bench.soak

bench: $(VENV)/installed  ## how fast it is as suites use it, half an hour; figures go to build/bench
	mkdir -p build/bench
	$(BIN)/python -m bench --json build/bench/performance.json --plot build/bench/performance.svg

lint: $(VENV)/installed  ## style, types and the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:  ## remove what the targets made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis
