# Short wrappers around swift. `make demo` needs Swift and nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: build demo lab test bench lint format fuzz coverage clean

SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SECONDS ?= 60
# No shipped program may need the toolchain that built it: neither its libraries nor a RUNPATH into it.
RELEASE := -c release --static-swift-stdlib --disable-local-rpath -Xswiftc -no-toolchain-stdlib-rpath
# The debug build takes warnings in our own targets for errors (Package.swift reads this).
DEBUG := VIPNS_STRICT=1 swift build --build-tests --explicit-target-dependency-import-check error
# Program by program: what the tests share is a part of the package too, and needs a library of the debug build.
PROGRAMS := vipns-helper vipnsd vipns vipns-lab
FUZZERS := HelperChannelFuzz VarlinkFuzz

# Installs the Debian packages of the purposes $(1) that are missing.
define packages
	@wanted=$$(for purpose in $(1); do sed -n "s/^$$purpose: //p" hooks/packages.debian; done); \
	if ! command -v apt-get > /dev/null; then \
		echo "no apt-get here: these Debian packages, or what they are called here, are needed:" $$wanted; \
	else \
		missing=; \
		for package in $$wanted; do \
			dpkg -s "$$package" 2> /dev/null | grep -q '^Status: install ok installed' || missing+=" $$package"; \
		done; \
		if [ -n "$$missing" ]; then \
			echo "installing Debian packages:$$missing"; \
			compgen -G '/var/lib/apt/lists/*_Packages*' > /dev/null || $(SUDO) apt-get -qq update; \
			$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $$missing > /dev/null; \
		fi; \
	fi
	@command -v swift > /dev/null || { echo "no 'swift' in PATH (see https://www.swift.org/install)"; exit 1; }
endef

build:
	$(call packages,build)
	@for program in $(PROGRAMS); do swift build $(RELEASE) --product $$program; done

demo: build
	$(call packages,demo)
	@$(SUDO) .build/release/vipns-lab demo

lab: build
	$(call packages,demo)
	@$(SUDO) .build/release/vipns-lab shell

bench: build
	$(call packages,demo)
	@swift build $(RELEASE) --product vipns-bench
	@$(SUDO) .build/release/vipns-bench

# Four at once: most tests wait for the kernel or a program, and all at once would run into their time limits.
# Root runs everything, away from the machine's network and mounts; others run what they can and are told what was not.
test: build .build-python/ready
	$(call packages,build test)
	$(DEBUG)
	@run='swift test --skip-build --disable-xctest --experimental-maximum-parallelization-width 4'; \
	if [ "$$(id -u)" = 0 ]; then \
		VIPNS_REQUIRE_ROOT=1 unshare -n -m -- /bin/bash -euo pipefail -c "ip link set lo up; $$run"; \
	else \
		if [ -n "$${CI:-}" ]; then export VIPNS_REQUIRE_ROOT=1; fi; \
		$$run 2>&1 | tee .build/test.log; \
		echo "$$(grep -c ' skipped' .build/test.log || true) tests were skipped: run 'make test' as root for all"; \
		grep 'Test run with' .build/test.log | tail -n 1; \
	fi

.build-python/ready:
	$(call packages,test)
	python3 -m venv .build-python
	.build-python/bin/pip install --quiet --disable-pip-version-check varlink asyncvarlink
	@touch $@

lint:
	$(call packages,build lint)
	swift format lint --strict --configuration .swift-format -r Sources Tests Package.swift
	shellcheck .ci/run $$(find hooks Tests -name "*.sh")
	$(DEBUG)

format:
	swift format --in-place --configuration .swift-format -r Sources Tests Package.swift

fuzz:
	$(call packages,build)
	@for fuzzer in $(FUZZERS); do \
		corpus=.build-fuzz/corpus/$$fuzzer; \
		mkdir -p "$$corpus"; \
		swift build --package-path Tests/Fuzz --scratch-path .build-fuzz --product $$fuzzer \
			-Xswiftc -sanitize=fuzzer --sanitize=address -Xswiftc -use-ld=lld; \
		VIPNS_FUZZ_SEEDS="$$corpus" SWIFT_BACKTRACE=enable=no .build-fuzz/debug/$$fuzzer "$$corpus" \
			-max_total_time=$(SECONDS) -max_len=8192 -timeout=10 -print_final_stats=1 \
			-artifact_prefix=.build-fuzz/ -verbosity=0 -print_funcs=0; \
	done

coverage: build .build-python/ready
	$(call packages,build test)
	$(SUDO) env "PATH=$$PATH" unshare -n -m -- swift test --enable-code-coverage --scratch-path .build-coverage
	@echo "see $$(swift test --scratch-path .build-coverage --show-codecov-path)"

clean:
	rm -rf .build .build-*
