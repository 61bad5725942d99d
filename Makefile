# Everything runs from one virtual environment, pinned by requirements.lock; uv makes it if it is there.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Real pages are not part of the project: name a folder with train/ and test/ in it (their columns: data/README.md).
PAGES ?= ../shared/corpora
EVALUATION := data/evaluation
NOTEBOOKS := $(patsubst %,build/%,$(wildcard notebooks/*.ipynb))
READ_BY_NOTEBOOKS := $(shell find model training data -type f ! -name '*.pyc')
# How long each target is fuzzed.
SECONDS_EACH ?= 60
# One worker a core, so each of them computes in one thread.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --dist worksteal

.PHONY: help setup demo test test-all lint types layers train evaluate notebooks docs benchmarks fuzz versions audit sbom lock clean

help:  ## Show what there is to do.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY)  ## Make the virtual environment .venv.

# The lock is complete, so nothing is left to resolve (--no-deps); old resolvers trip over some extras' names.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@echo "setting up .venv: a minute or two, once"
	@if command -v uv >/dev/null 2>&1; then \
	    uv venv --quiet --allow-existing --python $(PYTHON) .venv && \
	    uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock && \
	    uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . ; \
	else \
	    $(PYTHON) -m venv .venv && \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock && \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . ; \
	fi
	@touch $@

demo: $(READY)  ## Label and clean an article with the model that ships.
	@echo '$$ dechaff show data/example.txt'
	@$(BIN)/dechaff show data/example.txt --reasons 2
	@echo
	@echo '$$ dechaff clean data/example.txt'
	@$(BIN)/dechaff clean data/example.txt

test: $(READY)  ## Run the fast tests.
	$(PYTEST)

test-all: $(READY)  ## Run all tests: real processes, a browser, faults and huge inputs too, with more random examples.
	$(PYTEST) -m "" --hypothesis-profile thorough

lint: $(READY)  ## Check style.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## Check types.
	$(BIN)/mypy

layers: $(READY)  ## Check which package may import which.
	$(BIN)/lint-imports --no-cache

train: $(READY)  ## Learn a model from PAGES/train, data/labels and data/articles, and put it where the shipped one is.
	@test -d $(PAGES)/train || { echo "no pages in $(PAGES)/train: name a folder with PAGES=..., or run" \
	    "'dechaff train data/articles -o model.joblib' for the project's own articles alone"; exit 1; }
	$(BIN)/dechaff train $(PAGES)/train $(PAGES)/policy/train.parquet data/labels data/articles \
	    --correct-labels -o model/dechaff/artifacts/default.joblib
	$(BIN)/python tests/golden/record.py
	$(BIN)/python tests/record_format.py

evaluate: $(READY)  ## Measure on PAGES/test; writes data/evaluation, the model card and the README's tables.
	@test -d $(PAGES)/test || { echo "no pages in $(PAGES)/test: name a folder with PAGES=..."; exit 1; }
	$(BIN)/dechaff evaluate $(PAGES)/test --json $(EVALUATION)/test.json --lines $(EVALUATION)/test-lines.npz
	$(BIN)/dechaff evaluate $(PAGES)/policy/test.parquet --html $(PAGES)/test --json $(EVALUATION)/read.json
	$(BIN)/python benchmarks/accuracy.py $(PAGES)/test --json $(EVALUATION)/comparison.json
	$(BIN)/dechaff benchmark $(PAGES)/test --json $(EVALUATION)/benchmark.json
	$(BIN)/python -m dechaff_training.evaluate.model_card

fuzz: $(READY)  ## Fuzz every target for SECONDS_EACH (60) with atheris; what it finds is in .fuzz.
	@if command -v uv >/dev/null 2>&1; then \
	    uv pip install --quiet --python $(BIN)/python --require-hashes -r tests/fuzz/requirements.txt; \
	else \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tests/fuzz/requirements.txt; \
	fi
	for target in lines labels markdown kernels artefact corpus bulk html; do \
	    $(BIN)/python tests/fuzz/run.py $$target --seconds $(SECONDS_EACH) || exit 1; done

# A few minutes; not again while neither a notebook nor what it reads has changed.
notebooks: $(NOTEBOOKS)  ## Execute the notebooks; the copies with outputs are in build/notebooks.

build/notebooks/%.ipynb: notebooks/%.ipynb $(READY) $(READ_BY_NOTEBOOKS)
	@mkdir -p $(@D)
	$(BIN)/jupyter execute --timeout=1800 --output=$(CURDIR)/$@ $<

# mkdocs-material's advertisement of its successor would be a warning.
docs: $(READY) notebooks  ## Build the documentation site into build/site; a broken link is an error.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

benchmarks: $(READY)  ## Time against Resiliparse on PAGES/test, as ratios in one run.
	$(BIN)/python benchmarks/speed.py --pages $(PAGES)/test

versions:  ## Try every Python with the oldest and the newest packages (needs uv; about half an hour).
	$(PYTHON) tests/versions/run.py

audit:  ## Look the pinned dependencies up among the known vulnerabilities (needs uv, and PyPI's advisories).
	uvx --from pip-audit==2.10.1 pip-audit --strict --disable-pip --require-hashes -r requirements.lock

sbom:  ## Write dist/sbom.json, a bill of all pinned dependencies in CycloneDX (needs uv).
	@mkdir -p dist
	uvx --from cyclonedx-bom==7.5.0 cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	    --output-file dist/sbom.json requirements.lock

lock:  ## Pin all dependencies anew (needs uv).
	uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-header \
	    --no-annotate --no-emit-index-url -o requirements.lock pyproject.toml

clean:  ## Remove what was made.
	rm -rf .venv .cache build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
