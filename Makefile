# Every target sets up what it needs; nothing else has to be installed but Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help extras demo picture test lint docs bench bench-quick bench-peers lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

.venv/core: requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "grundstein needs Python 3.11, 3.12 or 3.13."; echo "Found: $$($(PYTHON) --version)"; echo "Next: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip install -q -p $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q -p $(BIN)/python --no-deps -e .
	@touch $@

.venv/dev: .venv/core requirements-dev.lock
	@$(BIN)/uv pip install -q -p $(BIN)/python --compile-bytecode --require-hashes -r requirements-dev.lock
	@touch $@

extras: .venv/core requirements-extras.lock ## what `serve` and `export mlflow` need
	@$(BIN)/uv pip install -q -p $(BIN)/python --require-hashes -r requirements-extras.lock

demo: .venv/core ## a simulated publisher, from messy exports to signed answers
	@$(BIN)/grundstein demo

picture: .venv/core ## docs/report.png: the first screen of the demo's report, as Chromium shows it
	@mkdir -p build
	@$(BIN)/grundstein demo build/picture > build/picture.txt
	@chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1280,800 --user-data-dir=build/chromium \
	  --screenshot=$(CURDIR)/docs/report.png file://$(CURDIR)/build/picture/reports/kuendigung.en.html 2> build/chromium.txt

test: .venv/dev ## every test
	@$(BIN)/python -m pytest

lint: .venv/dev ## style, types, rooms
	@$(BIN)/ruff format --check -q src tests bench
	@$(BIN)/ruff check -q src tests bench
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy

docs: .venv/dev ## the pages that are generated from the code
	@$(BIN)/python docs/build.py

bench: .venv/dev ## every figure of docs/benchmarks.md, measured anew
	@$(BIN)/python bench/run.py

bench-quick: .venv/dev ## the same in a few minutes, written nowhere
	@$(BIN)/python bench/run.py --quick

bench-peers: .venv/dev ## AutoGluon measured anew in an environment of its own (6 GB, two hours)
	@$(BIN)/python bench/peers.py

lock: .venv/core ## requirements*.lock, from pyproject.toml
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url -c constraints.txt pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url -c requirements.lock --all-extras pyproject.toml -o requirements-extras.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url -c requirements-extras.lock --all-extras pyproject.toml --group dev -o requirements-dev.lock
	@echo uv | $(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url - -o requirements-uv.lock

clean: ## what make has made
	@rm -rf .venv demo-project build dist
