# `make demo` and `make test` each set up everything they need in .venv; Python 3.11 or newer, pip and make suffice.
# TORCH_INDEX=https://download.pytorch.org/whl/cpu takes torch without CUDA where PyPI's own has it.
PYTHON ?= python3
TORCH_INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# What is built is built by the tested versions too: pip leaves `-c` out of the environments that it builds in.
export PIP_BUILD_CONSTRAINT := constraints.txt
STAMP := $(VENV)/.installed-from-$(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)

.PHONY: help setup model demo paper bench docs test unit lint sbom audit clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt pip
	$(PIP) -c constraints.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	$(PIP) -c constraints.txt -e '.[dev,docs,embedded,submitit,ray]'
	@rm -f $(VENV)/.installed-from-* && touch $@

setup: $(STAMP) ## create .venv with the tested versions

model: setup ## the embedded language model, 93 MB, once
	@$(BIN)/smartgen-data model

demo: model ## the pipeline on a simulated home, an LLM included: three changes, three regimes, side by side
	$(BIN)/smartgen experiment=demo trainer.progress=true tracking=none
	$(BIN)/smartgen-report regimes --dataset demo
	$(BIN)/smartgen-report synthetic --dataset demo

paper: setup ## every table and figure of the paper, as many cells at once as there are cores; goes on where it stopped
	$(BIN)/smartgen-report run all

bench: setup ## what each pipeline and stage costs; outputs/bench
	$(BIN)/python scripts/bench.py

docs: setup ## the documentation as a site: site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# As many tests at once as there are cores, up to eight, since each may load torch.
TOGETHER ?= -n auto --maxprocesses 8 --dist worksteal
# Two processes with two threads each on two cores are several times slower than with one.
test unit: export OMP_NUM_THREADS ?= 1
test: model ## every test; those on the authors' data run where SMARTGEN_RELEASE names it
	$(BIN)/python -m pytest -q $(TOGETHER) --cov --cov-report=term:skip-covered

unit: setup ## the tests that take seconds
	$(BIN)/python -m pytest -q $(TOGETHER) -m "not slow"

lint: setup ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The tools of these two have an environment of their own: what they need, nothing else does.
TOOLS := $(VENV)/tools
$(TOOLS)/.installed: scripts/supply/tools.txt
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip --disable-pip-version-check install --quiet -r scripts/supply/tools.txt
	@touch $@

sbom: setup $(TOOLS)/.installed ## docs/dependencies.md and the bill of materials, docs/sbom.cdx.json
	$(PIP) -c constraints.txt -e '.[dev,docs,embedded,submitit,ray,fuzz]' editables
	$(BIN)/python scripts/make_dependencies.py --tools $(TOOLS)

# --strict: a pin that the service does not know is a failure, not a pass.
audit: $(TOOLS)/.installed ## known vulnerabilities of every pinned version; asks PyPI
	$(TOOLS)/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt -r scripts/supply/tools.txt

clean: ## remove .venv; outputs/ stays
	rm -rf $(VENV) dist build site
