# Everything here works from an unpacked tarball as well as from a clone.
.DEFAULT_GOAL := help
.PHONY: help run test test-servers test-tls redis-py test-tsan fuzz soak conformance build check bench bench-check format options docs clean
# The scripts below build into one folder; two builds at once would only wait for each other.
.NOTPARALLEL:

help: ## Show this help
	@echo "redis-proxy: a caching proxy in front of Redis"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "Needs a Swift 6.2 toolchain or a reachable Docker engine; missing Debian packages are installed."
	@echo "'make run' hands the environment on, e.g.: CACHE_CAPACITY=3 REDIS_HOST=10.0.0.5 make run"

run: ## Build and run the proxy; brings up a throwaway Redis if none is there
	@exec Scripts/run.sh

test: ## Build, then run the unit tests and the system tests
	@exec Scripts/test.sh

test-servers: ## Run the system tests in front of other servers; SERVER names one, QUICK=1 takes minutes
	@exec Scripts/test-servers.sh

test-tls: ## Run the system tests over TLS on both sides; QUICK=1 takes two minutes
	@exec Scripts/test-tls.sh

redis-py: ## Play redis-py's own tests over TLS, straight and through
	@exec Scripts/redis-py.sh

test-tsan: ## Run the unit tests under ThreadSanitizer
	@exec Scripts/test-tsan.sh

fuzz: ## Play made-up bytes and conversations for FUZZ_SECONDS each
	@exec Scripts/fuzz.sh

soak: ## Play the simulation and the history of many clients for SOAK_SECONDS each
	@exec Scripts/soak.sh

conformance: ## Play the suite of Redis or Valkey straight and through; REDIS_TREE names its source
	@exec Scripts/conformance.sh

build: ## Build the release program, .build/release/redis-proxy
	@exec Scripts/build.sh

check: ## Check format, lint and scripts, and build with warnings as errors
	@exec Scripts/check.sh

bench: ## Measure the proxy beside its peers; QUICK=1 takes less than two minutes
	@exec Scripts/bench.sh

bench-check: ## Hold instructions and allocations of each request to Benchmarks/budgets.json
	@exec Scripts/bench-check.sh

format:
	swift format --in-place --recursive Sources Tests Benchmarks Fuzz Package.swift

options: ## Write docs/configuration.md anew from the options that the program has
	@exec Scripts/options.sh

docs: ## Build the doc comments into an archive, .build/redis-proxy.doccarchive
	@exec Scripts/docs.sh

clean: ## Remove everything that was built
	rm -rf .build
