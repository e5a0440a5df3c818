# Minerva: `make help` lists what there is to make. The logic is in tools/.

.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# The first of these that is Python 3.11; PYTHON=/path/to/python3.11 names another.
ifndef PYTHON
PYTHON := $(firstword $(foreach name,python3.11 python3 python,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1 && echo $(name))))
endif
# Everything after set-up runs with the project's own tools and a home inside .tools.
RUN := tools/run
# Brownie's pytest plugin starts a chain in every run that does not refuse it.
PYTEST := $(RUN) pytest -p no:pytest-brownie

define heading
@printf '\n== %s ==\n' '$(1)'
endef

.PHONY: help python-3.11 setup doctor demo webui webui-ipfs screenshots test test-client test-webui test-webui-browser test-chain test-forge test-system test-deep slither halmos coverage lint lint-python lint-contracts lint-webui format bench lock clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{ printf "make %-18s %s\n", $$1, $$2 }'

python-3.11:
	@test -n '$(PYTHON)' || { echo 'setup: error: no Python 3.11 on PATH: install python3.11 with its venv module, or give PYTHON=/path/to/python3.11' >&2; exit 1; }

setup: python-3.11 ## Install everything into this folder (again: a moment, no network)
	@'$(PYTHON)' -B tools/setup

doctor: setup ## Check that every part works on this machine
	@$(RUN) minerva doctor

webui: setup ## Build the dashboard, which `minerva up` serves
	@$(RUN) python tools/webui.py build

webui-ipfs: webui ## Add the dashboard to the running stack's IPFS node
	@$(RUN) minerva webui --ipfs

screenshots: setup ## Take pictures of the dashboard's pages into docs/screenshots
	@$(RUN) python tools/webui.py screenshots

demo: setup ## Train a model among devices and miners, end to end
	@$(RUN) minerva demo

test: lint test-client test-webui test-chain test-forge test-system test-webui-browser ## Lint, then every test

test-client: setup ## Test the Python package
	$(call heading,Tests of the client)
	@$(PYTEST) -n 2 tests/client

test-webui: setup ## Test the dashboard's parts
	$(call heading,Tests of the dashboard)
	@$(RUN) python tools/webui.py test

test-webui-browser: setup ## Test the dashboard in Chromium, on a real stack
	$(call heading,The dashboard in a browser)
	@$(RUN) python tools/webui.py e2e

test-chain: setup ## Test the contracts on a chain of their own
	$(call heading,Tests of the contracts)
	@$(RUN) brownie test tests/chain -n 2

test-forge: setup ## Test properties of the contracts, briefly
	$(call heading,Properties of the contracts)
	@$(RUN) python tools/proof/properties.py

test-deep: setup ## Search longer for a broken property, with new examples
	$(call heading,Properties of the client: new examples)
	@$(PYTEST) -n 2 --hypothesis-profile deep tests/client
	$(call heading,Properties of the contracts: 256 runs of 128 calls)
	@FOUNDRY_PROFILE=deep $(RUN) python tools/proof/properties.py --fuzz-seed $$(date +%s)

test-system: setup ## Test all parts together
	$(call heading,Tests of the whole system)
	@$(PYTEST) -n 2 --dist loadfile tests/system

lint: lint-python lint-contracts lint-webui ## Check style and types; change nothing

lint-python: setup
	$(call heading,Python: style and types)
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

lint-contracts: setup
	$(call heading,Contracts: format and lint)
	@$(RUN) forge fmt --check
	@$(RUN) forge lint --deny warnings

lint-webui: setup
	$(call heading,Dashboard: style and types)
	@$(RUN) python tools/webui.py lint

format: setup ## Bring Python, Solidity and TypeScript into the project's format
	@$(RUN) ruff check --fix-only --quiet .
	@$(RUN) ruff format .
	@$(RUN) forge fmt
	@$(RUN) python tools/webui.py format

slither: setup ## Analyse the contracts for known weaknesses
	@$(RUN) python tools/proof/static.py

halmos: setup ## Prove statements about the contracts for all values
	@$(RUN) python tools/proof/symbolic.py

coverage: setup ## Measure what the contracts' tests run through (long)
	@$(RUN) python tools/proof/coverage_table.py $(ARGS)

bench: setup ## Measure a round, aggregation, and the gas of every transaction
	@$(RUN) python benchmarks/round.py
	@$(RUN) python benchmarks/aggregation.py
	@$(RUN) python benchmarks/gas.py

lock: python-3.11 ## Resolve the dependencies anew into requirements.lock, tools/proof/*.lock and package-lock.json
	@'$(PYTHON)' -B tools/setup/lock.py

clean: ## Remove everything that set-up and runs have made
	@tools/clean
