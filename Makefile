# make run    a simulated PBX, the bridge and a broker: live values in the terminal, nothing else needed
# make test   installs what the tests need, the real servers included, and runs all tests
# make lint   format, lint and types   make bench  the benchmarks, into build/bench.md   make docs   generated pages
# make fuzz   each parser, 15 s; `make fuzz SECONDS=3600 TARGETS=ami` for longer runs
# make proof  every test that CI shortens, at its full length: an hour and a half
# make wheel  dist/*.whl for machines like this one, with the compiled StatsD core where there is a C compiler
# make audit  known weaknesses of the locked versions (asks the network)   make sbom   build/sbom.json, CycloneDX

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
BIN := .venv/bin
CORE := $(wildcard bridge/sources/statsd/native/*.[ch])

.PHONY: run test lint bench docs fuzz proof audit sbom wheel lock clean
run: .venv/.run
	$(BIN)/asterisk-bridge demo

test: .venv/.dev
	tests/install
	$(MAKE) -s .venv/.core
	$(BIN)/pytest -n 2 --dist loadfile -m "not alone"
	$(BIN)/pytest -n 2 --dist loadfile -m alone

lint: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/asterisk-bridge docs --check

bench: .venv/.dev
	TEST_BENCHMARKS=1 tests/install
	$(MAKE) -s .venv/.core
	mkdir -p build
	for bench in tests/benchmarks/bench_*.py; do \
		name=$$(basename $$bench .py) && printf '## %s\n\n' "$$name" && $(BIN)/python -m tests.benchmarks.$$name && echo; \
	done | tee build/bench.md

SECONDS ?= 15
fuzz: .venv/.dev
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(TARGETS)

# The tools have an environment of their own: they are no part of what they look at.
audit: .venv/.audit
	.venv/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.lock -r requirements-dev.lock

sbom: .venv/.audit
	mkdir -p build
	.venv/audit/bin/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml -o build/sbom.json \
		requirements.lock

.venv/.audit: .venv/.venv requirements-audit.lock
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-audit.lock
	touch $@

FULL := TEST_FACTS=200000 TEST_CRASHES=5 TEST_POINTS=1800000 TEST_SLOW=4 TEST_STRIDE=1 TEST_KILLS=200 \
	TEST_SPOOL_MEGABYTES=256 TEST_LIVES=3000 TEST_FLOOD=60 TEST_BAD_PACKETS=1000000 TEST_HOSTILE_SNMP=100 \
	TEST_HOSTILE_AMI=250 TEST_HOSTILE_HTTP=250 TEST_HOSTILE_SESSIONS=100 TEST_MQTT_FAULTS=50 TEST_STRANGERS=5000 \
	TEST_STRANGER_FLOOD=50000 TEST_SNMP_RESTARTS=200 TEST_RELOAD=100000 TEST_ORDERS=120 TEST_SOAK=600 \
	TEST_TIMELINES=500 TEST_WIPES=20 TEST_HOSTILE_REQUESTS=5000 TEST_REQUEST_FLOOD=50000 TEST_HOME_ASSISTANT=1 \
	TEST_STRANGER_TOPICS=50000 TEST_PAIRS=1 TEST_MUTATIONS=2000 TEST_CALLS=500 TEST_BAD_LINES=500 \
	TEST_SHUFFLES=1000
proof: .venv/.dev
	$(FULL) tests/install
	$(FULL) $(BIN)/pytest -s --timeout 1800 tests/core/test_rules_model.py tests/asterisk/test_order.py \
		tests/faults tests/homeassistant tests/pipeline tests/sources tests/sinks tests/test_mutated_settings.py tests/test_reload.py \
		tests/live/test_start.py tests/live/test_stop.py tests/live/test_soak.py tests/live/test_truth_of_calls.py

docs: .venv/.dev
	$(BIN)/asterisk-bridge docs

.venv/.venv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv || (apt-get -q update && apt-get -qy install python3-venv && $(PYTHON) -m venv .venv)
	touch $@

.venv/.run: .venv/.venv requirements.lock pyproject.toml $(CORE)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

# Where tests/install has brought the compiler, the package was installed without its compiled core.
.venv/.core: .venv/.dev $(CORE)
	$(BIN)/python -c 'import bridge.sources.statsd.native._native' 2>/dev/null || \
		$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

wheel: .venv/.dev
	$(BIN)/pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w dist .

# After a change of the dependencies in pyproject.toml; needs pip-tools.
lock:
	pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --no-header --extra embedded --extra calendars --build-deps-for editable -o requirements.lock pyproject.toml
	pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --no-header --extra embedded --extra calendars --extra dev --extra fuzz --build-deps-for editable \
		-c requirements.lock -o requirements-dev.lock pyproject.toml
	printf 'pip-audit\ncyclonedx-bom\n' | pip-compile -q --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header -o requirements-audit.lock -

clean:
	rm -rf .venv build dist *.egg-info bridge/sources/statsd/native/*.so
