# build, run, test and generate need Go, git and make, and nothing else; `make check` says what it lacks.

GO ?= go
FUZZTIME ?= 30s
TESTFLAGS ?=
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.DEFAULT_GOAL := help
.PHONY: help build run test generate check check-race check-generated check-style check-conformance check-crash parity interop timing fuzz bench clean

help: ## show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' Makefile

build: ## build bin/tokenpair
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/tokenpair ./cmd/tokenpair

run: build ## serve on 127.0.0.1:8000 with a demo user; data is kept under ./data
	bin/tokenpair serve --demo

test: ## everything that needs nothing but Go
	CGO_ENABLED=0 $(GO) test $(TESTFLAGS) ./...

generate: ## make generated/ from openapi.yaml
	$(GO) generate tools.go

check: check-style check-generated check-race check-conformance check-crash ## test again with what needs more: gcc and python3

check-style: ## gofmt, vet, staticcheck, tidy modules
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff

check-generated: ## generated/ is what openapi.yaml makes
	@before=$$(mktemp) && trap 'rm -f "$$before"' EXIT && cp generated/api.gen.go "$$before" && $(GO) generate tools.go && \
	cmp "$$before" generated/api.gen.go || { echo 'generated/ was not what openapi.yaml makes, and is now: commit it'; exit 1; }

check-race: ## the tests with the race detector, which needs a C compiler
	@command -v gcc >/dev/null || { echo 'check-race needs gcc: apt-get install gcc'; exit 1; }
	CGO_ENABLED=1 $(GO) test -race -short $(TESTFLAGS) ./...

check-conformance: build .tools/venv ## the recorded cases once more through run.py, and PyJWT reads our tokens
	CONFORMANCE_PYTHON=python3 $(GO) test $(TESTFLAGS) -run Agree ./conformance
	.tools/venv/bin/python conformance/replay.py bin/tokenpair

check-crash: ## the program killed 30 times in the middle of its work; for more: go test ./crash -kills 300
	$(GO) test $(TESTFLAGS) -run TestCrash ./crash -kills 30

parity: ## write docs/parity.md anew: what differs from SimpleJWT
	$(GO) test ./conformance -run TestParity -update

.tools/venv: conformance/requirements.txt
	@command -v python3 >/dev/null || { echo 'check-conformance needs python3: apt-get install python3 python3-venv'; exit 1; }
	python3 -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check --require-hashes -r conformance/requirements.txt || { rm -rf $@; exit 1; }
	@touch $@

interop: build .tools/interop ## tokens and users of a real Django site come here and go back, and docs/django.md is true
	.tools/interop/bin/python -B conformance/interop/interop.py bin/tokenpair

.tools/interop: conformance/interop/requirements.txt
	@command -v python3 >/dev/null || { echo 'interop needs python3: apt-get install python3 python3-venv curl'; exit 1; }
	python3 -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check --require-hashes -r conformance/interop/requirements.txt || { rm -rf $@; exit 1; }
	@touch $@

timing: ## what the clock says of refused logins, hashes and sweeps: for an idle machine, ten minutes
	TOKENPAIR_TIMING=1 $(GO) test -p 1 -run 'TestTiming|TestSweep' -v -timeout 30m ./auth ./password ./storage/sqlite

fuzz: ## each fuzz target for FUZZTIME
	@set -e; for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package; \
		done; \
	done

bench: ## how fast it is, against the limit
	$(GO) test -run '^$$' -bench . -benchmem ./...

clean: ## remove what was built and installed; ./data stays
	rm -rf bin .tools
