# `make demo` and `make test` do all the set-up on a fresh Debian 12 machine that has Swift 6.3. Both may be run again.
SHELL := /bin/bash
export PATH := $(PATH):/opt/swift/usr/bin
export RUNBOOK_SECANTUSD ?= $(CURDIR)/.tools/venv/bin/secantusd-py
KILLS ?= 300
SEEDS ?= 20000
COMPARISONS ?= 10000
MINUTES ?= 10
TESTS = tools/python tools/limit.py
SWIFT_TEST = swift test --skip-build --disable-xctest
RENAMING = RunbookMongoActionsTests\.(Swap|Structure|ActionConformance|ConformanceFault|CleanUp)

.PHONY: help setup build release pages docs test demo demo-others soak simulate model comparisons fuzz bench memory latency faults races lint format clean

help:
	@echo "make demo       the migration of 1,681 assets under a writing application: to its end, rolled back, killed and resumed"
	@echo "make demo-others  the other plans (an index on orders, names of users, assets described by a program, album art checked): failing, forward, back"
	@echo "make test       build, all tests, style; make lint: the style alone; make format: mend it"
	@echo "make soak       KILLS=$(KILLS) kills under three writers; make simulate: SEEDS=$(SEEDS) random simulated runs"
	@echo "make model      the model of the online change, further than in make test: tens of millions of states, some minutes"
	@echo "make comparisons  COMPARISONS=$(COMPARISONS) synthetic comparisons of latency of each kind: the figures of docs/measurements.md"
	@echo "make faults     a server that fails at each command of a change; make races: 50 races of two processes for one run"
	@echo "make fuzz       MINUTES=$(MINUTES) of libFuzzer on the way from a file to a bound plan"
	@echo "make docs       docs/actions.md and docs/lint.md from descriptors and rules; make pages: docs/errors into the program, after a page was changed"
	@echo "make bench      the figures of docs/benchmarks.md, make memory: those of memory; make latency: what an application notices; make build | release | clean"

setup:
	@tools/setup

build: setup
	swift build
	@# Editors find it by the first line of each plan.
	@.build/debug/runbook schema >runbook.schema.json

release: setup
	@# The Swift runtime is linked in: the program starts in two thirds of the time and needs no Swift where it runs.
	swift build -c release --product runbook --static-swift-stdlib

pages:
	tools/pages

docs: pages build
	.build/debug/runbook explain actions >docs/actions.md.new
	mv docs/actions.md.new docs/actions.md
	.build/debug/runbook explain rules >docs/lint.md.new
	mv docs/lint.md.new docs/lint.md

test: setup
	swift build --build-tests --explicit-target-dependency-import-check error
	@# The simulator takes all threads for a while, and tests with a server would miss their times beside it.
	@# The limits, in seconds, are several times what each step takes: whatever hangs is named and ended.
	$(TESTS) 900 $(SWIFT_TEST) --filter RunbookEngineTests
	$(TESTS) 600 $(SWIFT_TEST) --skip RunbookCommandsTests --skip RunbookEngineTests --skip RunbookMongoActionsTests
	$(TESTS) 900 $(SWIFT_TEST) --filter RunbookMongoActionsTests --skip '$(RENAMING)'
	@# One after the other: a rename makes the embedded server stand still for all of its clients now and then.
	$(TESTS) 900 $(SWIFT_TEST) --no-parallel --filter '$(RENAMING)'
	@# Whole programs against whole servers, with signals and kills: one after the other, so that two cores are enough for each.
	$(TESTS) 1800 $(SWIFT_TEST) --no-parallel --filter RunbookCommandsTests
	tools/python demo/check_test.py
	@$(MAKE) --no-print-directory lint

demo: build
	demo/run

demo-others: build
	demo/others

soak: build
	tools/soak --kills $(KILLS)

simulate: setup
	swift build --build-tests
	RUNBOOK_SIM_SEEDS=$(SEEDS) swift test --skip-build --disable-xctest --filter RunbookEngineTests

model: setup
	swift build --build-tests
	RUNBOOK_MODEL=whole swift test --skip-build --disable-xctest --filter OnlineChangeModelTests

# Optimised: 10,000 comparisons of each kind are two hundred million samples.
comparisons: setup
	swift build -c release --build-tests -Xswiftc -enable-testing
	RUNBOOK_COMPARISONS=$(COMPARISONS) swift test -c release -Xswiftc -enable-testing --skip-build --disable-xctest --filter ComparisonCampaign

fuzz: setup
	tools/fuzz --minutes $(MINUTES)

bench: release
	tools/bench

memory: release
	tools/memory

latency: release
	tools/latency

faults: build
	tools/faults

races: build
	tools/races

lint:
	swift format lint --strict --parallel -r Package.swift Sources Tests
	tools/python -m compileall -q demo tools
	@for script in .ci/run demo/run demo/others tools/memory tools/setup tools/server tools/soak tools/bench tools/faults tools/latency tools/preview tools/digest tools/races tools/fuzz tools/python; do bash -n $$script || exit 1; done
	@echo "lint: no findings"

format:
	swift format -i --parallel -r Package.swift Sources Tests

clean:
	rm -rf .build .tools demo/__pycache__ tools/__pycache__
