# One target does one thing; `make` alone lists them. Needs Python 3.11 or later and make; all else comes into .venv.
PYTHON ?= $(or $(shell command -v python3.11),$(shell command -v python3),python)
VENV   := .venv
BIN    := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
STAMP  := $(VENV)/.ready
MODULES := $(VENV)/.compiled
# Tests start some hundred processes; where compiled modules are not kept, each compiles all that it imports, for seconds.
export PYTHONDONTWRITEBYTECODE :=
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile # Python compiles what it imports

# The example that `make example` traces, and where the result goes.
EXAMPLE     := examples/case
EXAMPLE_OUT := out/example
# What `make run` and `make rehearse` play, and where the results go.
TOWN        := examples/town.toml
TOWN_OUT    := out/town
CITY        := examples/city.toml
CITY_OUT    := out/city
POLICIES    ?= all
EXAMPLE_RUN := trace $(EXAMPLE)/transfers.csv --claims $(EXAMPLE)/claims.csv --known $(EXAMPLE)/known.csv --rule all --out $(EXAMPLE_OUT)

# What `make test` runs, and of it what needs most of the kernels: the watch before a payment, and tracing.
TESTS       := -m "not slow" --doctest-modules --ignore tests/tidy tests src/recoup
KERNELS     := tests/unit/rehearse_guard/test_guard.py tests/unit/cli/test_cli_ahead.py \
               -k "test_the_second_process_compiles or stolen_money_waits"

.DEFAULT_GOAL := help
.PHONY: help setup run example rehearse test runners kernels test-promises soak check types tidiness bench docs lock clean

help:            ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

setup: $(STAMP)  ## make the environment in .venv, nothing else

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: $(STAMP)    ## set up, then let every policy stop the same crimes in a small town, live: a page and a press release
	$(BIN)/recoup rehearse $(TOWN) --policies $(POLICIES) --json $(TOWN_OUT)/out.json --report $(TOWN_OUT)
	@echo "The results lie in $(TOWN_OUT); begin with $(TOWN_OUT)/report.html."

example: $(STAMP)  ## set up, then trace the example case under every rule
	$(BIN)/recoup $(EXAMPLE_RUN)
	@echo "The results lie in $(EXAMPLE_OUT); begin with $(EXAMPLE_OUT)/trail.html."

rehearse: $(STAMP)  ## set up, then let policies (POLICIES=none,med2) play the default city, live: the chase takes many minutes
	$(BIN)/recoup rehearse $(CITY) --policies $(POLICIES) --json $(CITY_OUT)/out.json --report $(CITY_OUT)

test: $(STAMP)   ## set up, then run the tests (not the longest; of the tree itself: check) and every example of the docstrings
	@$(MAKE) --no-print-directory -j 2 runners kernels

runners: $(MODULES)
	$(BIN)/python -m pytest -n 4 --dist worksteal --timeout 300 $(TESTS)

# In a new environment each of the four runners would compile all that it imports, the same modules at the same time: so one
# process does that first. What is wrong with a module the runners say.
$(MODULES): $(STAMP)
	-@$(BIN)/python -m pytest --collect-only -qq $(TESTS) > /dev/null 2>&1
	@touch $(MODULES)

# Beside it and beside the runners' first tests: the kernels that take longest to compile. Runners that need one wait for it.
kernels: $(STAMP)
	-@$(BIN)/python -m pytest -q -p no:cacheprovider --timeout 300 $(KERNELS) > /dev/null 2>&1

test-promises: $(STAMP)  ## the same promises over many more worlds: minutes to an hour
	$(BIN)/python -m pytest -n 3 --dist worksteal --timeout 1500 -m slow tests

soak: $(STAMP)   ## the longest of them in their full measure: an hour or more
	RECOUP_SOAK=1 $(BIN)/python -m pytest -n 2 -m slow tests

check: $(STAMP)  ## lint, format, types, layers, tidiness: within a minute
	@$(MAKE) --no-print-directory -j 2 types tidiness

types:           # alone takes as long as all else together: on a second core beside it
	$(BIN)/mypy

tidiness:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/tidy

bench: $(STAMP)  ## measure speed and memory against the plain ways
	$(BIN)/recoup bench trace
	$(BIN)/recoup bench journal

docs: $(STAMP)   ## build the documentation into site/
	$(BIN)/zensical build --clean --strict

lock: $(STAMP)   ## write requirements.lock anew from pyproject.toml, keeping versions that still fit
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --group dev --all-extras --output-file requirements.lock pyproject.toml

clean:           ## remove everything that the other targets made
	rm -rf $(VENV) out site dist build .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .cache
	find src tests bench -type d -name __pycache__ -prune -exec rm -rf {} +
