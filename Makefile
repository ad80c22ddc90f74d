# Everything a newcomer needs; `make` alone lists it.

SHELL := /bin/bash
export CGO_ENABLED = 0
BIN := bin/tandem
DATA ?= data
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
SERVE_FLAGS ?=

.DEFAULT_GOAL := help
.PHONY: help run build test lint race bench soak fuzz demo clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/tandem, one static binary
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BIN) ./cmd/tandem

run: build ## build, set a server up in ./data if there is none, and serve
	@if [ -z "$$(ls -A $(DATA) 2>/dev/null)" ]; then $(BIN) init --data $(DATA) --name cm1; fi
	exec $(BIN) serve --data $(DATA) --move-ports $(SERVE_FLAGS)

demo: build ## make calls between test phones on a throw-away server and show them
	$(BIN) demo

test: ## install what the tests need, then lint, test and run the demo, as CI does
	@scripts/test

lint: ## gofmt, go vet and staticcheck only
	@scripts/test lint

race: ## the tests of concurrent packages under the race detector only
	@scripts/test race

bench: ## measure, next to Kamailio in the same run; asserts nothing
	@scripts/bench

soak: ## the long tests: thousands of phones calling for minutes
	@scripts/test soak

fuzz: ## fuzz every parser, FUZZTIME each (default 30s)
	@scripts/fuzz

clean: ## remove what was built
	rm -rf bin
