# The few commands people type. Each installs what it needs and the machine lacks.
.DEFAULT_GOAL := help
.PHONY: help tools servers probes clients setup guests programs build demo lint test bench faults

CARGO := cargo
# The lock file decides the versions.
LOCKED := --locked
# The example skills are a workspace of their own; here they are built for this machine, not as guests.
PLUGINS := --manifest-path plugins/Cargo.toml --target-dir target/plugins --workspace
# So is the Rust SDK.
RUST_SDK := --manifest-path sdk/rust/Cargo.toml --target-dir target/plugins --workspace

help: ## show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: guests build ## see Skep at work on the example skills
	@tests/demo.sh

test: setup guests programs ## run all tests
	@$(CARGO) test --quiet $(LOCKED) $(RUST_SDK)
	@$(CARGO) test --quiet $(LOCKED) $(PLUGINS)
	@tests/libraries.sh
	@$(CARGO) nextest run $(LOCKED) --workspace

lint: tools ## check formatting, lints and the rules of the house
	@for workspace in . plugins sdk/rust tests/guests; do \
		$(CARGO) fmt --all --check --manifest-path $$workspace/Cargo.toml || exit 1; \
	done
	@$(CARGO) nextest run $(LOCKED) --package skep-tidy
	@$(CARGO) clippy $(LOCKED) --workspace --all-targets -- -D warnings
	@$(CARGO) clippy $(LOCKED) $(RUST_SDK) --all-targets -- -D warnings
	@$(CARGO) clippy $(LOCKED) $(PLUGINS) --all-targets -- -D warnings
	@tests/deploy.sh

bench: guests ## measure a call and both lanes
	@$(CARGO) bench $(LOCKED) --workspace --bench '*'

# What is named by hand goes along: make faults FAULTS="kills --seed 7". Without, the store's model has its long run too.
faults: setup guests ## kill hosts and servers and cut networks for hours, and judge
	@$(CARGO) build $(LOCKED) --workspace --bin skep --bin faults
	@target/debug/faults $(FAULTS)
	@test -n "$(FAULTS)" || SCHEDULES=100000 $(CARGO) test $(LOCKED) --workspace --test model

build: tools ## build the program `skep`
	@$(CARGO) build $(LOCKED) --package skep

guests: build ## build the example skills and the fixtures of the tests
	@tests/toolchain/guests.sh
	@tests/toolchain/languages.sh
	@tests/toolchain/skills.sh

programs: tools guests ## build and fetch programs that were never made for Skep
	@tests/toolchain/programs.sh
	@tests/toolchain/foreign.sh

setup: tools servers probes clients ## install what tests need

tools:
	@tests/setup.sh tools

servers:
	@tests/setup.sh servers

probes:
	@tests/setup.sh probes

clients:
	@tests/setup.sh clients
