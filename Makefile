# `make` alone prints this help. Everything real is in stack/ (python -m stack).

SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv/bin
STACK := $(VENV)/python -m stack
COMPILE := $(VENV)/uv pip compile --generate-hashes --python-version 3.11 --no-emit-index-url --quiet
# Which tests `make test` runs, and how: make test T="tests/unit -x"
T ?=

.DEFAULT_GOAL := help
.PHONY: help install up down status restart logs env reset open test lint format bench lock system-packages docker-env clean

help: ## Print every target
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

install: ## Install what is missing into .venv and .belvedere/install
	@$(PYTHON) -m stack install

up: install ## Start everything, run the main job on the samples, print address and login
	@$(STACK) up

down: ## Stop everything (the data stays)
	@$(STACK) down

status: ## A line a service: name, state, pid, port, memory
	@$(STACK) status

restart: ## Restart one service: make restart S=api-server (S=airflow: its four processes)
	@$(STACK) restart $(or $(S),$(error which? make restart S=api-server))

logs: ## The end of every log; make logs S=scheduler follows one
	@$(STACK) logs $(S)

env: ## The running stack's addresses and logins as KEY=VALUE
	@$(STACK) env

reset: ## Stop everything and delete its data (FORCE=1: without asking)
	@$(STACK) reset

open: ## Open the gallery in a browser
	@$(VENV)/python -m webbrowser "$$($(STACK) env | sed -n 's/^AIRFLOW_URL=//p')/belvedere/"

test: install ## Every test (starts its own servers on free ports); T="tests/unit -x" chooses
	@$(STACK) system-packages
	@$(VENV)/python -m pytest $(T)

lint: install ## Style, types, import rules, compose file, Dockerfiles
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/lint-imports
	go run -C stack/compose-check . -env $(CURDIR)/.env.example $(CURDIR)/docker-compose.yaml
	$(VENV)/hadolint Dockerfile stack/docker/*.Dockerfile

format: install ## Let ruff format and fix what it can
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .

bench: install ## Measure a stack of its own against goals and bare limits; writes .belvedere/bench/latest.json
	@$(VENV)/python -m tests.perf

lock: ## Resolve requirements.in (and the MLflow server's) into full locks with hashes
	$(COMPILE) requirements.in -o requirements.txt
	cd stack/mlflow && ../../$(COMPILE) requirements.in -o requirements.txt

system-packages: ## Install Chromium, bubblewrap and fonts by apt-get (needs root)
	@$(PYTHON) -m stack system-packages

docker-env: install ## Write .env with random secrets for docker-compose.yaml
	@$(STACK) docker-env

clean: ## Remove caches (not the data, not the installed software)
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path './.belvedere/*' -prune -exec rm -rf {} +
