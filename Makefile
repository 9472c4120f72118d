# Short wrappers around swift. `make demo` needs Swift and nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: build deps demo lab test machine test-machines machines-run bench install uninstall install-pam uninstall-pam deb lint format tests-built faults faults-short soak fuzz model tsan coverage clean

SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SECONDS ?= 60
CYCLES ?= 100000
# What whole machines run; Tests/Machines.
SYSTEMS ?= debian12 debian13
comma := ,
empty :=
space := $(empty) $(empty)
RELIABILITY := $(patsubst Tests/EndToEndTests/Reliability/%.swift,%,$(wildcard Tests/EndToEndTests/Reliability/*Tests.swift))
# No shipped program may need the toolchain that built it: neither its libraries nor a RUNPATH into it.
RELEASE := -c release --static-swift-stdlib --disable-local-rpath -Xswiftc -no-toolchain-stdlib-rpath
# The debug build takes warnings in our own targets for errors (Package.swift reads this).
DEBUG := VIPNS_STRICT=1 swift build --build-tests --explicit-target-dependency-import-check error
# What tests of what is promised start: not the debug build.
SHIPPED := VIPNS_PROGRAMS=$(CURDIR)/.build/release
# Program by program: what the tests share is a part of the package too, and needs a library of the debug build.
PROGRAMS := vipns-helper vipnsd vipns vipns-lab pam_vipns
FUZZERS := HelperChannelFuzz NetlinkReplyFuzz VarlinkFuzz ConfigurationFuzz PAMReplyFuzz

PREFIX ?= /usr
# PAM's modules lie beside pam_unix.so; where that is depends on the distribution.
PAM_MODULES ?= $(firstword $(patsubst %/pam_unix.so,%,$(wildcard $(patsubst %,%/security/pam_unix.so, \
	$(PREFIX)/lib/$(shell uname -m)-linux-gnu /usr/lib/$(shell uname -m)-linux-gnu $(PREFIX)/lib64 $(PREFIX)/lib $(PREFIX)/lib/*-linux-gnu* /lib64 /lib))))

VERSION := $(shell sed -n 's/^public let programVersion = "\(.*\)"$$/\1/p' Sources/ProgramVersion/ProgramVersion.swift)
# Where zsh looks for completions depends on the distribution; Debian: share/zsh/vendor-completions.
ZSH_COMPLETIONS ?= share/zsh/site-functions
# Who stands in a package as its maintainer.
MAINTAINER ?= vipns <root@localhost>

# Installs those of the Debian packages $$wanted that are missing; a part of a recipe's line.
define installed
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
endef

# Installs what is missing for the purposes $(1).
define packages
	@wanted=$$(for purpose in $(1); do sed -n "s/^$$purpose: //p" hooks/packages.debian; done); $(installed)
	@command -v swift > /dev/null || { echo "no 'swift' in PATH (see https://www.swift.org/install)"; exit 1; }
endef

# Unpacks the packages of the purpose `unpack` whose programs are neither installed nor unpacked; nothing is started. What
# such a program needs of libraries is installed: a machine that never had the package does not have them.
define unpacked
	@mkdir -p .build/debian; wanted=; \
	for entry in $$(sed -n 's/^unpack: //p' hooks/packages.debian); do \
		package=$${entry%%=*}; program=$${entry#*=}; \
		if [ -x "$$program" ]; then continue; fi; \
		if ! command -v apt-get > /dev/null; then echo "no apt-get here: '$$program' is missing"; continue; fi; \
		if [ ! -x ".build/debian/root$$program" ] || ! compgen -G ".build/debian/$${package}_*.deb" > /dev/null; then \
			echo "unpacking Debian package: $$package"; \
			compgen -G '/var/lib/apt/lists/*_Packages*' > /dev/null || $(SUDO) apt-get -qq update; \
			rm -f .build/debian/$${package}_*.deb; \
			(cd .build/debian && apt-get -qq -o APT::Sandbox::User=root download "$$package"); \
			dpkg-deb -x .build/debian/$${package}_*.deb .build/debian/root; \
		fi; \
		wanted+=" $$(dpkg-deb -f .build/debian/$${package}_*.deb Depends | tr ',' '\n' \
			| sed -n 's/^ *\(lib[^ :|(]*\).*/\1/p' | tr '\n' ' ')"; \
	done; \
	$(installed)
endef

# The units as systemd reads them, with a program that is there; then how much they leave open (0 to 100), so that no
# change opens more. The first two lines hold 'make no mount namespace' for the helper.
define units-checked
	@! grep -nE '^(Protect(System|Home|Proc|Kernel|ControlGroups)|ProcSubset|Private|Read|Inaccessible|(No)?ExecPaths)' \
		hooks/systemd/vipns-helper.service
	@! grep -nE '^IP(Address|Ingress|Egress)' hooks/systemd/vipns-helper.service
	@! grep -nE '^(Bind|Temporary|Root|Mount|Extension|RuntimeDirectory|Dynamic)' hooks/systemd/vipns-helper.service
	@units=$$(mktemp -d); trap 'rm -rf "$$units"' EXIT; \
	for unit in vipns-helper vipnsd; do \
		sed 's!^\(Exec[A-Za-z]*\)=[^ ]*!\1=/bin/true!' "hooks/systemd/$$unit.service" > "$$units/$$unit.service"; \
	done; \
	systemd-analyze verify --man=no "$$units"/*.service; \
	systemd-analyze security --offline=true --no-pager --threshold=12 "$$units/vipnsd.service" > /dev/null; \
	systemd-analyze security --offline=true --no-pager --threshold=53 "$$units/vipns-helper.service" > /dev/null
endef

# All that build, demo, test and lint need from Debian, for whoever wants it at once: each of them installs its own.
deps: .build-python/ready
	$(call packages,build demo login test lint deb machine)
	$(unpacked)

build:
	$(call packages,build)
	@for program in $(PROGRAMS); do swift build $(RELEASE) --product $$program; done

demo: build
	$(call packages,demo login)
	$(unpacked)
	@$(SUDO) .build/release/vipns-lab demo

lab: build
	$(call packages,demo login)
	$(unpacked)
	@$(SUDO) .build/release/vipns-lab shell

bench: build
	$(call packages,demo login)
	$(unpacked)
	@swift build $(RELEASE) --product vipns-bench
	@$(SUDO) .build/release/vipns-bench

# As root, after `make`: programs, module, units, manual. It starts nothing and touches no configuration.
install: install-pam
	@for program in vipns-helper vipnsd vipns; do \
		test -x ".build/release/$$program" || { echo "there is no $$program yet (run: make)"; exit 1; }; \
	done
	@install -d "$(DESTDIR)$(PREFIX)/sbin" "$(DESTDIR)$(PREFIX)/bin"
	@install -s -m 0755 .build/release/vipns-helper .build/release/vipnsd "$(DESTDIR)$(PREFIX)/sbin"
	@install -s -m 0755 .build/release/vipns "$(DESTDIR)$(PREFIX)/bin"
	@install -d "$(DESTDIR)$(PREFIX)/lib/systemd/system"
	@for unit in vipns-helper vipnsd; do \
		sed 's|=\(+*\)/usr/\(s*bin\)/|=\1$(PREFIX)/\2/|' "hooks/systemd/$$unit.service" \
			| install -m 0644 /dev/stdin "$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit.service"; \
	done
	@install -D -m 0644 hooks/network/60-vipns.rules "$(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-vipns.rules"
	@for file in 10-vipns.link 10-vipns.network; do \
		install -D -m 0644 "hooks/network/$$file" "$(DESTDIR)$(PREFIX)/lib/systemd/network/$$file"; \
	done
	@install -D -m 0644 hooks/network/10-vipns.conf "$(DESTDIR)$(PREFIX)/lib/NetworkManager/conf.d/10-vipns.conf"
	@install -D -m 0644 hooks/sysusers.d/vipns.conf "$(DESTDIR)$(PREFIX)/lib/sysusers.d/vipns.conf"
	@install -D -m 0644 hooks/tmpfiles.d/vipns.conf "$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/vipns.conf"
	@for page in docs/man/*.[158]; do \
		install -D -m 0644 "$$page" "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}"; \
	done
	@for shell in bash:share/bash-completion/completions/vipns zsh:$(ZSH_COMPLETIONS)/_vipns \
		fish:share/fish/vendor_completions.d/vipns.fish; do \
		.build/release/vipns --generate-completion-script "$${shell%%:*}" \
			| install -D -m 0644 /dev/stdin "$(DESTDIR)$(PREFIX)/$${shell#*:}"; \
	done
	@install -d "$(DESTDIR)$(PREFIX)/share/doc/vipns/examples/pam"
	@install -m 0644 LICENSE README.md docs/*.md "$(DESTDIR)$(PREFIX)/share/doc/vipns"
	@install -m 0644 hooks/vipns.yaml "$(DESTDIR)$(PREFIX)/share/doc/vipns/examples/vipns.yaml"
	@install -m 0644 hooks/pam/examples/* "$(DESTDIR)$(PREFIX)/share/doc/vipns/examples/pam"
	@echo "installed vipns $(VERSION) under $(DESTDIR)$(PREFIX); nothing runs yet. As root:"
	@echo "  systemd-sysusers; systemd-tmpfiles --create vipns.conf; systemctl daemon-reload"
	@echo "  write /etc/vipns/vipns.yaml from $(PREFIX)/share/doc/vipns/examples/vipns.yaml; vipns check"
	@echo "  systemctl enable --now vipns-helper vipnsd      (after an upgrade: systemctl restart vipns-helper vipnsd)"

# Sessions live on. Configuration, leases and history, and the account, stay.
uninstall: uninstall-pam
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then \
		systemctl disable --now vipnsd.service vipns-helper.service || true; \
	fi
	@cd "$(DESTDIR)$(PREFIX)" && rm -f sbin/vipns-helper sbin/vipnsd bin/vipns \
		lib/systemd/system/vipns-helper.service lib/systemd/system/vipnsd.service \
		lib/sysusers.d/vipns.conf lib/tmpfiles.d/vipns.conf lib/udev/rules.d/60-vipns.rules \
		lib/systemd/network/10-vipns.link lib/systemd/network/10-vipns.network \
		lib/NetworkManager/conf.d/10-vipns.conf \
		share/man/man1/vipns.1 share/man/man5/vipns.yaml.5 share/man/man8/vipnsd.8 share/man/man8/vipns-helper.8 \
		share/man/man8/pam_vipns.8 share/bash-completion/completions/vipns $(ZSH_COMPLETIONS)/_vipns \
		share/fish/vendor_completions.d/vipns.fish
	@rm -rf "$(DESTDIR)$(PREFIX)/share/doc/vipns"
	@echo "removed vipns; /etc/vipns, /var/lib/vipns and the user 'vipns' are left"

# A Debian package of what `make` has built, in .build; needs no root.
deb: build
	$(call packages,deb)
	@rm -rf .build/package
	@export SOURCE_DATE_EPOCH="$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)}" MAINTAINER="$(MAINTAINER)"; \
	umask 022; \
	$(MAKE) --no-print-directory install DESTDIR="$(CURDIR)/.build/package" PREFIX=/usr \
		ZSH_COMPLETIONS=share/zsh/vendor-completions > /dev/null; \
	hooks/debian/build.sh .build/package "$(VERSION)" \
		".build/vipns_$(VERSION)_$$(dpkg --print-architecture).deb"

# As root, after `make`. By a rename: a running sshd may have the old module mapped, and must never find half a one.
install-pam:
	@test -f .build/release/libpam_vipns.so || { echo "there is no module yet (run: make)"; exit 1; }
	@test -n "$(PAM_MODULES)" || { \
		echo "no pam_unix.so under $(PREFIX) (say where: make install-pam PAM_MODULES=/usr/lib64/security)"; exit 1; }
	@install -d "$(DESTDIR)$(PAM_MODULES)" "$(DESTDIR)$(PREFIX)/share/pam-configs"
	@new="$(DESTDIR)$(PAM_MODULES)/.pam_vipns.so.new"; trap 'rm -f "$$new"' EXIT; \
	install -s -m 0644 .build/release/libpam_vipns.so "$$new"; \
	mv -f -T "$$new" "$(DESTDIR)$(PAM_MODULES)/pam_vipns.so"
	@install -m 0644 hooks/pam/vipns "$(DESTDIR)$(PREFIX)/share/pam-configs/vipns"
	@echo "installed $(DESTDIR)$(PAM_MODULES)/pam_vipns.so; no login uses it yet."
	@echo "Try it first as docs/pam.md says, with a root shell open. Then turn it on:"
	@echo "  Debian, Ubuntu:  pam-auth-update --enable vipns"
	@echo "  else, or for single programs:  the lines of hooks/pam/examples"

# A stack that names a module that is gone lets nobody in: so the module goes last, and not while a stack names it.
uninstall-pam:
	@test -n "$(PAM_MODULES)" || { echo "no pam_unix.so under $(PREFIX)"; exit 1; }
	@if [ -z "$(DESTDIR)" ] && command -v pam-auth-update > /dev/null; then \
		DEBIAN_FRONTEND=noninteractive pam-auth-update --package --remove vipns; \
	fi
	@users=$$(grep -lsE '^[^#]*pam_vipns\.so' $(DESTDIR)/etc/pam.conf $(DESTDIR)/etc/pam.d/* || true); \
	if [ -n "$$users" ]; then echo "not removed: still in use by" $$users; exit 1; fi
	@rm -f "$(DESTDIR)$(PAM_MODULES)/pam_vipns.so" "$(DESTDIR)$(PREFIX)/share/pam-configs/vipns"
	@echo "removed pam_vipns.so; running programs keep their copy until they end"

# Runs built tests with the arguments $(1), in the environment $(2). What begins and what passes stands in .build/test.log
# alone; what failed is told once more at the end, before the runner's own summary.
# Four at once: most tests wait for the kernel or a program, and all at once would run into their time limits.
# Root runs everything, away from the machine's network and mounts; others run what they can and are told what was not.
define tested
	@run='swift test --skip-build --disable-xctest --experimental-maximum-parallelization-width 4 $(1)'; \
	status=0; \
	if [ "$$(id -u)" = 0 ]; then \
		run="env $(2) VIPNS_REQUIRE_ROOT=1 unshare -n -m -- /bin/bash -euo pipefail -c 'ip link set lo up; $$run'"; \
	elif [ -n "$${CI:-}" ]; then \
		export VIPNS_REQUIRE_ROOT=1; \
	fi; \
	eval "$$run" 2>&1 | tee .build/test.log | grep --line-buffered -avE '^(◇ |✔ Test ")' || status=$$?; \
	if [ "$$status" = 0 ]; then \
		if [ "$$(id -u)" != 0 ]; then \
			echo "$$(grep -ac ' skipped' .build/test.log || true) tests were skipped: run 'make test' as root for all"; \
			grep -a '^✔ Test run with' .build/test.log; \
		fi; \
	else \
		echo "what failed (the whole log: .build/test.log):"; \
		LC_ALL=C awk '/^(✘|error: )/ { isMeant = 1 } /^(◇|✔)/ { isMeant = 0 } isMeant' .build/test.log | cut -c1-1000; \
		exit "$$status"; \
	fi
endef

# The package that is installed in virtual machines, and the machines with the systems $(1): Tests/Machines. Where QEMU
# cannot be installed that is told, and nothing is built.
define machines-built
	@wanted=$$(sed -n 's/^machine: //p' hooks/packages.debian); ( $(installed) ) || true
	@if ! command -v qemu-system-x86_64 > /dev/null; then \
		echo "QEMU cannot be installed here: no whole machine is booted"; \
	elif [ "$$(id -u)" != 0 ]; then \
		echo "whole machines need root: none is booted"; \
	else \
		$(MAKE) --no-print-directory deb > /dev/null; \
		for system in $(1); do Tests/Machines/build.sh "$$system" > /dev/null; done; \
	fi
endef

# Runs the tests of whole machines of the filter $(1) on the systems $(2), in the environment $(3), where there can be any.
define machines-tested
	@if [ "$$(id -u)" = 0 ] && command -v qemu-system-x86_64 > /dev/null; then \
		$(MAKE) --no-print-directory machines-run FILTER='$(1)' SYSTEMS='$(2)' VARIABLES='$(3)'; \
	fi
endef

# What tests start and need, and the tests themselves.
tests-built: build .build-python/ready
	$(call packages,build test login)
	$(unpacked)
	$(DEBUG)

# First the one whole machine, by itself: it takes both processors, and others measure times. With FILTER only the tests
# whose names match it (a regular expression), and no machine.
test: tests-built
ifdef FILTER
	$(call tested,--skip EndToEndTests.Machines --filter "$$FILTER",)
else
	$(call machines-built,debian12)
	$(call machines-tested,Machines/PackageTests,debian12)
	$(call tested,--skip EndToEndTests.Machines,)
endif

# The first day of a customer on each system: package, configuration, logins from another machine.
machine: tests-built
	$(call machines-built,$(SYSTEMS))
	$(call machines-tested,Machines/PackageTests,$(SYSTEMS))

# All that only a whole machine can show.
test-machines: tests-built
	$(call machines-built,$(SYSTEMS))
	$(call machines-tested,EndToEndTests.Machines,$(SYSTEMS),VIPNS_MACHINE_TESTS=all)

machines-run:
	$(call tested,--filter $(FILTER),VIPNS_MACHINES=$(subst $(space),$(comma),$(strip $(SYSTEMS))) $(VARIABLES))

# All that a test of reliability can do with the programs as they are shipped, which is an hour's work; VIPNS_SEED chooses
# another random part. The damaged stores by themselves: they take both processors, and the others measure times; then
# those that measure none.
faults: tests-built
	$(call tested,--filter LeaseStoreSQLiteTests.Damage,VIPNS_FAULTS=all)
	$(call tested,$(RELIABILITY:%=--filter EndToEnd/%) --filter FailingService,\
		VIPNS_FAULTS=all VIPNS_LOGIN_RUNS=30 $(SHIPPED))
	$(call tested,$(RELIABILITY:%=--filter EndToEndWaits/%),VIPNS_FAULTS=all $(SHIPPED))

# What `make test` does of it: a fixed part, in less than four minutes.
faults-short: tests-built
	$(call tested,--filter LeaseStoreSQLiteTests.Damage $(RELIABILITY:%=--filter /%),)

# Ways into and out of sessions, CYCLES times: nothing may grow.
soak: build .build-python/ready
	$(call packages,build test login)
	$(DEBUG)
	$(call tested,--filter EndToEnd/ChurnTests,VIPNS_CYCLES=$(CYCLES) $(SHIPPED))

# Everything but what reads the release build, with ThreadSanitizer in the tests and in the programs that they start.
tsan: .build-python/ready
	$(call packages,build test login)
	$(unpacked)
	VIPNS_SANITIZER=thread swift build --build-tests --sanitize=thread --scratch-path .build-tsan
	Tests/tsan.sh .build-tsan

.build-python/ready:
	$(call packages,test)
	python3 -m venv .build-python
	.build-python/bin/pip install --quiet --disable-pip-version-check varlink asyncvarlink
	@touch $@

lint:
	$(call packages,build lint)
	swift format lint --strict --configuration .swift-format -r Sources Tests Package.swift
	shellcheck .ci/run $$(find hooks Tests -name "*.sh") hooks/debian/postinst hooks/debian/prerm hooks/debian/postrm
	mandoc -T lint -W warning docs/man/*.[158]
	$(units-checked)
	$(DEBUG)

format:
	swift format --in-place --configuration .swift-format -r Sources Tests Package.swift

# SECONDS each; KEEP_CORPUS=1 packs what was found into Tests/Fuzz/Corpus.
fuzz:
	$(call packages,build)
	@Tests/Fuzz/run.sh "$(SECONDS)" $(FUZZERS)

# The plan of a session's life as a model, searched with Spin, and its mutants.
model:
	$(call packages,model)
	@Tests/Model/check.sh

coverage: build .build-python/ready
	$(call packages,build test login)
	$(unpacked)
	$(SUDO) env "PATH=$$PATH" unshare -n -m -- swift test --enable-code-coverage --scratch-path .build-coverage
	@echo "see $$(swift test --scratch-path .build-coverage --show-codecov-path)"

clean:
	rm -rf .build .build-*
