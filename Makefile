# Everything a contributor runs. `make help` lists the targets.

# Caddy's optional storage and database drivers stay out of every build. The
# same tags stand in .golangci.yml, which cannot read them from here.
TAGS := nobadger,nomysql,nopgx

GOLANGCI_VERSION := v2.15.0
GOFUMPT_VERSION  := v0.12.0
VULN_VERSION     := v1.9.0
FUZZTIME         := 10s
ROUNDS           := 20
SEED             := 0

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help

TOOLS := $(CURDIR)/.tools
LINT  := $(TOOLS)/bin/golangci-lint

# Packages that Caddy is no part of, tests included: the race detector makes
# Caddy slow to build, and its goroutines are not ours to judge. Integration
# tests have a step of their own, as they build and start the binary.
UNIT    = go list -tags $(TAGS) ./... | grep -v '/integration\(/\|$$\)'
NOCADDY = go list -tags $(TAGS) -f '{{.ImportPath}} {{join .Deps " "}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... \
	| grep -v 'caddyserver/caddy/v2\|modicum/caddymodule\|modicum/command\|^[^ ]*/integration[/ ]' | cut -d' ' -f1

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: need-go ## build bin/modicum
	go build -tags $(TAGS) -o bin/modicum ./cmd/modicum

.PHONY: run
run: build ## build and start the demo of the Caddyfile in this folder
	exec ./bin/modicum run

.PHONY: test
test: ## everything that must pass before a change is merged, in order
	@$(MAKE) --no-print-directory need-go need-cc tools
	go build -tags $(TAGS) ./...
	go vet -tags $(TAGS) ./...
	@$(MAKE) --no-print-directory lint unit race fuzz integration

.PHONY: lint
lint: need-go $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION) ## linters, formatting, tidy go.mod
	$(LINT) run
	go mod tidy -diff

.PHONY: unit
unit: need-go ## unit tests of every package
	packages=$$($(UNIT)); go test -tags $(TAGS) $$packages

.PHONY: race
race: need-go need-cc ## unit tests under the race detector
	packages=$$($(NOCADDY)); go test -race -tags $(TAGS) $$packages
	go test -race -tags $(TAGS) ./caddymodule

.PHONY: fuzz
fuzz: need-go ## every fuzz target for FUZZTIME (10s)
	TAGS=$(TAGS) .ci/fuzz $(FUZZTIME)

.PHONY: integration
integration: need-go ## end-to-end tests against the built binary
	go test -count=1 -tags $(TAGS) ./integration/...

# The verdict is the last line. What goes wrong comes before it.
.PHONY: crash
crash: need-go ## kill the gateway under load ROUNDS times (20) and count what has no record
	@go test -count=1 -v -timeout 0 -tags $(TAGS) -run '^TestCrash$$' ./integration -rounds $(ROUNDS) -seed $(SEED) | \
		awk '/^bar / {bar = $$0; next} !/^(=== |--- PASS|PASS$$|ok  )/ {print; fflush()} END {if (bar) print bar; exit bar !~ / ok$$/}'

.PHONY: bench
bench: need-go ## benchmarks of the packages below Caddy
	packages=$$($(NOCADDY)); go test -run '^$$' -bench . -benchmem -tags $(TAGS) $$packages

.PHONY: bench-rules
bench-rules: need-go ## the decision core against its bars
	TAGS=$(TAGS) .ci/bench-rules

.PHONY: bench-ledger
bench-ledger: need-go ## the ledger against its bars, beside lone data syncs
	@TAGS=$(TAGS) .ci/bench-ledger

.PHONY: bench-redact
bench-redact: need-go ## the minimiser against its bars, beside other ways
	@TAGS=$(TAGS) .ci/bench-redact

# For example BENCH_FLAGS='-bodies 1.7KB -rounds 3'. It needs wrk and nginx with
# Lua, and says which packages are missing.
BENCH_FLAGS :=

.PHONY: bench-e2e
bench-e2e: need-go ## throughput of the whole gateway beside other ways (docs/performance.md)
	go run -tags $(TAGS) ./bench $(BENCH_FLAGS)

.PHONY: vulncheck
vulncheck: need-go ## known vulnerabilities that the code reaches (needs the network)
	GOFLAGS= go run golang.org/x/vuln/cmd/govulncheck@$(VULN_VERSION) -tags $(TAGS) ./...

.PHONY: generate
generate: need-go ## write the example data anew
	go run ./examples/software-vendor/generate

.PHONY: fmt
fmt: $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION) ## format the code
	$(LINT) fmt

.PHONY: tools
tools: $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION) $(TOOLS)/gofumpt-$(GOFUMPT_VERSION) ## install the pinned tools into .tools/bin

# A stamp a version, so that a new pin installs anew.
$(TOOLS)/golangci-lint-$(GOLANGCI_VERSION): | need-go
	@echo "installing golangci-lint $(GOLANGCI_VERSION) into .tools/bin (once; this takes minutes)"
	GOFLAGS= GOBIN=$(TOOLS)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@touch $@

$(TOOLS)/gofumpt-$(GOFUMPT_VERSION): | need-go
	GOFLAGS= GOBIN=$(TOOLS)/bin go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
	@touch $@

# What is missing is named, with the package that brings it.
.PHONY: need-go
need-go:
	@want=$$(awk '$$1 == "go" {print $$2}' go.mod); \
	command -v go >/dev/null || { echo "Go $$want or newer is missing: see https://go.dev/doc/install" >&2; exit 1; }; \
	have=$$(go env GOVERSION | sed 's/^go//; s/[ -].*//'); \
	printf '%s\n' "$$want" "$$have" | sort -CV || { echo "Go $$have is too old: this module needs $$want, see https://go.dev/doc/install" >&2; exit 1; }

.PHONY: need-cc
need-cc:
	@command -v "$$(go env CC)" >/dev/null || { echo "the race detector needs a C compiler: apt-get install gcc libc6-dev" >&2; exit 1; }
