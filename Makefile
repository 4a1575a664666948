# `make` alone lists what there is.
.DEFAULT_GOAL := help
.PHONY: help run install test test-all mutants lint api-types data tmdb status stop mlflow docs docs-serve
SHELL := bash

PYTHON ?= python3
BIN := .venv/bin
# The set-up is redone when what it reads changes, not when a checkout touches the files' dates.
KEY := $(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)
INSTALLED := .venv/.installed-$(KEY)
MLFLOW_INSTALLED := .venv/.mlflow-$(KEY)
MLFLOW_PORT ?= 5002
DOCS_PORT ?= 8001
PIP_INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt \
	$(if $(TORCH_INDEX_URL),--extra-index-url $(TORCH_INDEX_URL))

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 18

run: $(INSTALLED) ## Set up, run what changed of the pipeline, leave the app running
	@$(BIN)/python scripts/run_full_pipeline.py

install: $(INSTALLED) ## Set up .venv (TORCH_INDEX_URL=… takes PyTorch from there too, e.g. its CPU builds)

$(INSTALLED):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "error: $(PYTHON) is not Python 3.11 to 3.13; name one: make run PYTHON=/usr/bin/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv; the first time takes some minutes."
	@$(PIP_INSTALL) --editable '.[dev]'
	@rm -f .venv/.installed-*
	@touch $@

test: $(INSTALLED) ## Run the fast tests, the pipeline end to end, and the web app's tests
	$(BIN)/pytest -n auto
	$(BIN)/pytest -n auto --dist loadfile -m e2e tests/pipeline
	@if command -v npm >/dev/null; then \
		cd frontend && { test -d node_modules || npm ci --no-audit --no-fund; } && npm test; \
	else echo "skipped: the web app's tests need Node.js 20"; fi

test-all: test ## All that `make test` runs, then the slow tests and the browser's
	$(BIN)/pytest -m "slow or (e2e and not slow) or realdata" --ignore tests/pipeline

mutants: $(INSTALLED) ## List faults that no test notices, hours for all (MODULES="evaluation.gate metrics")
	nice $(BIN)/python -m benchmarks.mutants $(MODULES)

lint: $(INSTALLED) ## Check style, types, and which room imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	@if test -d frontend/node_modules; then cd frontend && npm run --silent lint && npm run --silent types; \
	else echo "skipped: the web app's lint needs frontend/node_modules (make run)"; fi
	@if test -d frontend/node_modules; then $(BIN)/python -m movie_genie.backend openapi | \
		npm --prefix frontend run --silent api-types -- --check || \
		{ echo "error: frontend/src/lib/api-types.ts is not what the API says; run make api-types" >&2; exit 1; }; fi

api-types: $(INSTALLED) ## Write the web app's types of the API, from its OpenAPI document
	@$(BIN)/python -m movie_genie.backend openapi | npm --prefix frontend run --silent api-types

data: $(INSTALLED) ## Choose the ratings: SOURCE=packaged | ml-latest-small | ml-1m | ml-25m | ml-32m | folder DIR=… [METADATA=…]
	@$(BIN)/python scripts/choose_data.py --source "$$SOURCE" $${DIR:+--dir "$$DIR"} $${METADATA:+--metadata "$$METADATA"}

tmdb: $(INSTALLED) ## Ask TMDB for what it was not asked for yet (needs TMDB_API_KEY); make run then takes it up
	@test -n "$$TMDB_API_KEY" || { echo "error: TMDB_API_KEY is not set; TMDB gives one to each account" >&2; exit 1; }
	@$(BIN)/dvc --wait-for-lock repro --force --single-item content_features

status: $(INSTALLED) ## Say what would run and why, the last metrics, and whether the app answers
	@$(BIN)/python scripts/run_full_pipeline.py --status

stop: ## Stop the app
	@./scripts/stop_server.sh

$(MLFLOW_INSTALLED): $(INSTALLED)
	@echo "Installing MLflow's own server into .venv."
	@$(PIP_INSTALL) --editable '.[mlflow]'
	@rm -f .venv/.mlflow-*
	@touch $@

mlflow: $(MLFLOW_INSTALLED) ## Show what was tracked, at http://localhost:5002 (MLFLOW_PORT=…)
	@test -f mlruns/mlflow.db || { echo "error: nothing is tracked yet; make run first" >&2; exit 1; }
	@echo "MLflow is at http://localhost:$(MLFLOW_PORT); Ctrl-C ends it"
	@MLFLOW_DISABLE_TELEMETRY=true $(BIN)/mlflow server --backend-store-uri sqlite:///mlruns/mlflow.db \
		--host 127.0.0.1 --port $(MLFLOW_PORT) --workers 1

docs: $(INSTALLED) ## Build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

docs-serve: $(INSTALLED) ## Show the documentation at http://localhost:8001 (DOCS_PORT=…)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve --dev-addr 127.0.0.1:$(DOCS_PORT)

include airflow.mk
include compose.mk
