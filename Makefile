.DEFAULT_GOAL := help
.PHONY: help setup demo test test-mysql check fuzz attacks corpora mutants audit soak lock clean bench bench-serving docs clients

PORT ?= 8765
PYTEST_ARGS ?=
LOCK_ARGS ?=
BENCH_ARGS ?=
MUTANTS_ARGS ?=
CORPORA_ARGS ?=
N ?= 1000
ENGINE ?= all
SEED ?= 1
WORKERS ?= 2
RESTART ?=
MUTATED ?= 0.1
MINUTES ?= 30
AT ?=
BIN := .venv/bin
MYSQL_HOME := $(or $(LUCKY_MYSQL_HOME),$(CURDIR)/.mysql)
MYSQL_TESTS := $(addprefix tests/live/test_,\
  cases_on_servers.py generated_on_servers.py sessions.py lookups_use_the_index.py plans.py corpora_on_servers.py) \
  tests/attacks/test_attacks.py

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Serve the synthetic fleet on this machine (PORT=8765)
	@scripts/setup.sh demo
	@$(BIN)/lucky-mcp demo --port $(PORT)

setup: ## Bring .venv up to date for development
	@scripts/setup.sh dev

test: check ## Run every check, then every test (PYTEST_ARGS="-k name")
	$(BIN)/pytest -q -n 2 $(PYTEST_ARGS)

test-mysql: setup ## Run the cases and properties on a real MySQL 9, unpacked into .mysql/ from Debian unstable
	scripts/mysql-server.sh .mysql
	LUCKY_MYSQL_HOME=$(CURDIR)/.mysql $(BIN)/pytest -q -k "not postgres and not redshift" $(MYSQL_TESTS) $(PYTEST_ARGS)

check: setup ## Run ruff, mypy and import-linter
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy --no-error-summary src
	$(BIN)/lint-imports --no-cache

fuzz: setup ## Ask N generated queries, going on from the last run (ENGINE=mysql SEED=1 WORKERS=2 RESTART=1)
	$(BIN)/python -m tests.properties.run_fuzz --number $(N) --engine $(ENGINE) --seed $(SEED) \
	  --workers $(WORKERS) $(if $(RESTART),--restart) $(if $(AT),--at $(AT))

attacks: setup ## Try every attack on every engine, and without a guard (ENGINE=mariadb MUTATED=1 WORKERS=2 RESTART=1)
	-$(if $(filter all mysql-server,$(ENGINE)),scripts/mysql-server.sh $(MYSQL_HOME))
	LUCKY_MYSQL_HOME=$(MYSQL_HOME) $(BIN)/python -m tests.attacks.run_attacks --engine $(ENGINE) --mutated $(MUTATED) \
	  --workers $(WORKERS) $(if $(RESTART),--restart)

corpora: setup ## Ask a thousand honest questions, guarded and plain (CORPORA_ARGS="--engine mariadb")
	$(BIN)/python -m tests.corpora.run $(CORPORA_ARGS)

mutants: setup ## Break the guard in each known way, and show which check notices (MUTANTS_ARGS="--match verify")
	$(BIN)/python -m tests.properties.run_mutants $(MUTANTS_ARGS)

bench: setup ## Measure what the guard costs, and write docs/benchmarks.md (BENCH_ARGS=--short)
	PYTHONPATH=. $(BIN)/python -m bench $(BENCH_ARGS)

bench-serving: setup .bench/node_modules ## Measure calls over HTTP beside other servers, into docs/benchmarks.md
	PYTHONPATH=. $(BIN)/python -m bench.serving $(BENCH_ARGS)

.bench/node_modules: bench/serving/peers/package-lock.json
	mkdir -p .bench && cp bench/serving/peers/package*.json .bench/
	cd .bench && npm install --no-save --no-audit --no-fund --loglevel=error
	touch $@

soak: setup ## Sixteen clients and faults for MINUTES=30: nothing of a server may grow
	$(BIN)/python -m tests.soak.run --minutes $(MINUTES)

audit: setup ## Look up known vulnerabilities of the locked packages, and write their list (SBOM)
	@scripts/audit.sh

docs: setup ## Write docs/sql-support.md from its rows and cases, asking what has no case yet
	$(BIN)/python -m tests.cases.matrix --again

lock: setup ## Resolve the lock files again (LOCK_ARGS=--upgrade moves the pins)
	@scripts/lock.sh $(LOCK_ARGS)

clients: setup ## Try clients of other makers (npm, PyPI) and the official conformance suite on the demo
	@scripts/clients.sh .clients
	LUCKY_TEST_CLIENTS=.clients $(BIN)/pytest -q -n0 -rP tests/clients/other_clients.py $(PYTEST_ARGS)

clean: ## Remove .venv, caches and build output
	rm -rf .venv .venv.turn .fuzz .bench .clients build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
