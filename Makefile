# The project's commands. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
PULUMI_VERSION := v3.250.0
PULUMI := build/bin/pulumi
ACTIONLINT := build/bin/actionlint
DEMO := build/demo
SPARKS := spark35 spark41
SIZE ?= 1x 10x

.PHONY: help demo test test-spark lint bench smoke-aws clean

help: ## Show these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/run.stamp ## Make sample data and run the whole loop on this machine
	@$(BIN)/lakehouse sample $(DEMO)/input --songs 60 --days 3 --events-per-day 300 --seed 7 --dirty 0.01
	@$(BIN)/lakehouse run --local --source $(DEMO)/input

# The tests of the job on Spark run beside all others, which wait for processes for a good part.
test: .venv/dev.stamp lint pulumi-cli ## Lint, check types and run every test
	@$(MAKE) --no-print-directory --jobs 2 embedded spark-core

# A worker more than processors: tests wait for each other's processes for a part of their time. A test
# file's tests share servers, so a file stays with one worker; the order is tests/conftest.py's.
.PHONY: embedded
embedded:
	$(BIN)/pytest --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist loadfile --no-loadscope-reorder

test-spark: .venv/dev.stamp $(SPARKS:%=all-%) ## Run the tests of the job on the Sparks of Glue 5.1 and 6.0 (needs Java 17)

lint: .venv/dev.stamp ## Check style, types and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy .

bench: .venv/bench.stamp $(if $(shell command -v java),.venv-spark35/stamp) ## Measure the job beside what it replaced and beside DuckDB: SIZE="1x 10x"
	@$(BIN)/python -m benchmarks $(addprefix --size ,$(SIZE)) --docs docs

smoke-aws: .venv/run.stamp ## Check on a real AWS account what only that can show; costs a dollar (docs/unproven.md)
	@$(BIN)/python -m smoke $(if $(DESTROY),--destroy $(DESTROY))

clean: ## Remove what these commands made
	rm -rf .venv $(SPARKS:%=.venv-%) build .pytest_cache .mypy_cache .ruff_cache

# An environment from pinned, hashed requirements; the project itself is linked into it.
.venv/run.stamp: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	@echo "Setting up .venv: the first time this downloads some 500 MB"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/bench.stamp: .venv/run.stamp requirements/bench.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt requirements/policy.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/policy.txt
	@touch $@

# The Sparks of Glue: an environment each, since pyspark and the embedded engine's client own the same
# package name. Spark itself fetches Delta and the S3 connector, once, into ~/.ivy2.
.venv-%/stamp: requirements/%.txt
	@echo "Setting up $(@D): the first time this downloads some 500 MB"
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.PHONY: $(SPARKS:%=all-%) $(SPARKS:%=core-%) spark-core
.PRECIOUS: .venv-%/stamp
$(SPARKS:%=all-%): all-%: .venv-%/stamp
	LAKEHOUSE_ENGINE=$* .venv-$*/bin/python -m pytest tests/spark --timeout 900

# Told in one piece at its end, for other tests are telling of themselves meanwhile.
$(SPARKS:%=core-%): core-%: .venv-%/stamp
	@mkdir -p build
	LAKEHOUSE_ENGINE=$* .venv-$*/bin/python -m pytest tests/spark -m core --timeout 900 >build/$@.log 2>&1; \
	ended=$$?; cat build/$@.log; exit $$ended

# Without Java only a laptop may go on; the second Spark is left to `make test-spark`.
spark-core:
	@if command -v java >/dev/null; then $(MAKE) --no-print-directory core-spark35; \
	elif [ "$$CI" = true ]; then echo "No Java here: the job's tests on Spark did not run, and in CI they must" >&2; exit 1; \
	else echo "No Java here: the job's tests ran on the embedded engine only (Spark needs Java 17)"; fi

# The real Pulumi CLI, for the tests of the engine, where Go can build it (docs/adr/0003).
.PHONY: pulumi-cli
pulumi-cli:
	@if command -v go >/dev/null; then $(MAKE) --no-print-directory $(PULUMI) $(ACTIONLINT); \
	else echo "No Go here: the tests of the Pulumi engine use a pulumi on PATH, or say why they do not run"; fi

# The linter of .github/workflows.
$(ACTIONLINT): tools/actionlint/go.mod tools/actionlint/go.sum
	@mkdir -p $(@D)
	@cd tools/actionlint && go build -o ../../$@ github.com/rhysd/actionlint/cmd/actionlint

$(PULUMI): tools/pulumi/go.mod tools/pulumi/go.sum
	@echo "Building the Pulumi CLI $(PULUMI_VERSION): the first time this takes some minutes"
	@mkdir -p $(@D)
	@cd tools/pulumi && go build -o ../../$@ \
	  -ldflags "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$(PULUMI_VERSION)" \
	  github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
