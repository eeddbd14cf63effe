# make run    a simulated PBX, the bridge and a broker: live values in the terminal, nothing else needed
# make test   installs what the tests need, the real servers included, and runs all tests
# make lint   format, lint and types        make bench  the benchmarks        make docs   generated pages

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
BIN := .venv/bin

.PHONY: run test lint bench docs lock clean
run: .venv/.run
	$(BIN)/asterisk-bridge demo

test: .venv/.dev
	tests/install
	$(BIN)/pytest

lint: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/asterisk-bridge docs --check

bench: .venv/.dev
	tests/install
	for bench in tests/benchmarks/bench_*.py; do $(BIN)/python -m tests.benchmarks.$$(basename $$bench .py); done

docs: .venv/.dev
	$(BIN)/asterisk-bridge docs

.venv/.venv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv || (apt-get -q update && apt-get -qy install python3-venv && $(PYTHON) -m venv .venv)
	touch $@

.venv/.run: .venv/.venv requirements.lock pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

# After a change of the dependencies in pyproject.toml; needs pip-tools.
lock:
	pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --no-header --extra embedded --build-deps-for editable -o requirements.lock pyproject.toml
	pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --no-header --extra embedded --extra dev --build-deps-for editable \
		-c requirements.lock -o requirements-dev.lock pyproject.toml

clean:
	rm -rf .venv build dist *.egg-info
