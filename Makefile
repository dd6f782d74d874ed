# `make demo` and `make test` need a Swift toolchain and nothing else. `make e2e` needs Python too,
# with a virtual environment below .setup that `make setup` makes, and `make bench-instructions` valgrind, which it
# installs. Nothing is installed twice.

.SUFFIXES:
.PHONY: help setup demo test simulate explore torture mutants specs e2e bench bench-instructions arm64 lint clean

SDK := nacos-sdk-python==1.0.0
VENV := .setup/venv
SDK_STAMP := $(VENV)/.$(SDK)
TLA := tla==0.0.4
TLA_VENV := .setup/tla
TLA_STAMP := $(TLA_VENV)/.$(TLA)

# One set of build settings for all targets, so that none of them builds anew what another built.
SWIFT_FLAGS := --explicit-target-dependency-import-check error

help:
	@echo "make demo    start a cluster of three nodes on this machine; Ctrl-C stops it"
	@echo "make test    run the unit tests"
	@echo "make simulate  run simulated clusters under faults (SEEDS='0..<1000')"
	@echo "make explore  visit every state that small clusters can reach"
	@echo "make torture end the log in every way and open it again (TORTURE_FLAGS='--cycles 100000' KILLS=1000)"
	@echo "make mutants plant known mistakes and see that each is noticed (MUTANTS='row-14*')"
	@echo "make specs   check the specifications (SPECS_FLAGS='--only murphi' or --large)"
	@echo "make bench   measure everything, each for a short time (BENCH_FLAGS='commit --stage c')"
	@echo "make bench-instructions  count what an entry costs, and hold it against bounds (needs valgrind)"
	@echo "make e2e     run real processes under a stock Nacos client"
	@echo "make arm64   run the checksum instructions of arm64 under an emulator"
	@echo "make lint    check the format and the imports"
	@echo "make setup   install what is missing (the targets above do it themselves)"
	@echo "make clean   remove what was built and set up"

setup: $(SDK_STAMP) $(TLA_STAMP)
	@Tests/Instructions/set-up
	@Specs/set-up

$(SDK_STAMP):
	@Tests/EndToEnd/set-up $(VENV) $(SDK)
	@touch $@

$(TLA_STAMP):
	@Tests/EndToEnd/set-up $(TLA_VENV) $(TLA)
	@touch $@

# Built first, in the open: then the demo is the one process that Ctrl-C has to reach.
demo:
	swift build -c release --product muster $(SWIFT_FLAGS)
	@exec "$$(swift build -c release --show-bin-path)/muster" demo $(DEMO_FLAGS)

test:
	swift test $(SWIFT_FLAGS)

SEEDS := 0..<1000

simulate:
	swift build -c release --product raft-lab $(SWIFT_FLAGS)
	@"$$(swift build -c release --show-bin-path)/raft-lab" simulate --seeds '$(SEEDS)' $(SIMULATE_FLAGS)

explore:
	swift build -c release --product raft-lab $(SWIFT_FLAGS)
	@"$$(swift build -c release --show-bin-path)/raft-lab" explore $(EXPLORE_FLAGS)

# So many processes are killed while they write to the disk, and as many on a small one that they fill. That one is a file
# system in memory, for which a namespace of its own is needed: not every container may have one.
KILLS := 100

torture:
	swift build -c release --product raft-lab $(SWIFT_FLAGS)
	@"$$(swift build -c release --show-bin-path)/raft-lab" storage $(TORTURE_FLAGS)
	@echo 'kill -9 on this disk:'
	@"$$(swift build -c release --show-bin-path)/raft-lab" storage --kill $(KILLS)
	@if unshare -rm mount -t tmpfs none /mnt 2>/dev/null; then \
		echo 'kill -9 on a small disk that fills up:'; \
		unshare -rm sh -c 'mount -t tmpfs -o size=3m none /mnt && exec "$$0" "$$@"' \
			"$$(swift build -c release --show-bin-path)/raft-lab" \
			storage --kill $(KILLS) --fill --directory /mnt; \
	else \
		echo 'kill -9 on a small disk that fills up: NOT RUN, this user may mount nothing'; \
	fi

mutants:
	@python3 Tests/Mutants/run.py $(MUTANTS_FLAGS) $(foreach name,$(MUTANTS),'$(name)')

specs: $(TLA_STAMP)
	@Specs/set-up
	@python3 Specs/check.py $(SPECS_FLAGS)

bench:
	swift build -c release --product raft-lab $(SWIFT_FLAGS)
	@"$$(swift build -c release --show-bin-path)/raft-lab" bench $(BENCH_FLAGS)

bench-instructions:
	@Tests/Instructions/set-up
	swift build -c release --product raft-lab $(SWIFT_FLAGS)
	@python3 Tests/Instructions/count.py $(CASES)

e2e: $(SDK_STAMP)
	swift build -c release --product muster $(SWIFT_FLAGS)
	@$(VENV)/bin/python Tests/EndToEnd/run.py \
		--muster "$$(swift build -c release --show-bin-path)/muster" $(E2E_FLAGS)

# On another processor: nothing else runs these instructions here.
ARM64_CC := aarch64-linux-gnu-gcc
ARM64_RUN := qemu-aarch64

arm64:
	@for tool in $(ARM64_CC) $(ARM64_RUN); do command -v $$tool >/dev/null || { \
		echo "NOT RUN: no $$tool (Debian, Ubuntu: apt-get install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross)"; \
		exit 1; }; done
	@mkdir -p .build/arm64
	$(ARM64_CC) -O2 -Wall -Wextra -Werror -static -ISources/CWire/include \
		Sources/CWire/CWire.c Tests/CrossChecks/crc32c.c -o .build/arm64/crc32c
	$(ARM64_RUN) .build/arm64/crc32c

lint:
	swift format lint --strict --recursive Package.swift Sources Tests
	python3 -c 'import ast, pathlib; [ast.parse(p.read_text(), str(p)) for d in ("Tests", "Specs") for p in pathlib.Path(d).rglob("*.py")]'
	python3 Specs/check.py --only map
	python3 Tests/Mutants/run.py --check
	swift build --build-tests $(SWIFT_FLAGS)

clean:
	rm -rf .build .setup
