# `make` alone prints this help. Everything real is in stack/ (python -m stack).

SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv/bin
STACK := $(VENV)/python -m stack
ROOT := $(dir $(realpath $(firstword $(MAKEFILE_LIST))))

.DEFAULT_GOAL := help
.PHONY: help install up down status restart logs env reset

help: ## Print every target
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

install: ## Install what is missing into .venv and .belvedere/install
	@$(PYTHON) -m stack install

up: install ## Start everything, run the main job on the samples, print address and login
	@$(STACK) up

down: ## Stop everything
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
