# All tasks of this repository. They need only Rust (rustup) and Node.js; see README.md.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help program run dev test test-rust test-browser test-end2end test-repeatedly thieves timing memory hostile bench budget weight screenshots mutants fuzz check audit build dist clean-tools

export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# src/main.rs includes target/site.tar.
unexport CARGO_TARGET_DIR CARGO_BUILD_TARGET

# A release has two halves, built side by side: the server as a library, and the site (WebAssembly, styles, public files)
# as an archive. The mark of either is as old as the beginning of its build: what is changed meanwhile is built the next
# time. The last step links the library and the archive; it takes seconds, or nothing. It is always asked for, since any
# other cargo command may leave a program without a site in the same place. The judge of new passwords is a module by
# itself.
SERVER := target/release/.server
SITE := target/site.tar
STRENGTH := target/front/strength_bg.wasm
MANIFESTS := Cargo.toml Cargo.lock rust-toolchain.toml
OF_SERVER := --release --no-default-features --features ssr
RELEASE = $(MAKE) --no-print-directory --silent -j2 program

help: ## lists these tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## builds what is missing and serves the app at http://localhost:3000, its data in data/
	@scripts/tools run
	+@$(RELEASE)
	@echo 'Latchkey: http://localhost:3000 (Ctrl-C stops it)'
	@exec target/release/latchkey serve

dev: ## serves the app at http://localhost:3000, and builds and reloads it when a file changes (after a change of styles alone, reload it yourself)
	@scripts/tools run
	cargo-leptos watch --split

test: ## all tests: the Rust tests on SQLite and PostgreSQL, then a release in a real browser
	@scripts/tools test
	@$(MAKE) --no-print-directory test-rust
	+@$(RELEASE)
	@$(MAKE) --no-print-directory test-browser

test-rust: ## only the Rust tests (ARGS=… goes to cargo test)
	@echo 'Rust tests: compiling takes 5 to 6 minutes on two cores the first time'
	scripts/with-postgres cargo test --features ssr $(ARGS)

test-browser: ## only the browser's tests, on the existing release (ARGS=… goes to Playwright)
	@echo 'Browser tests'
	@scripts/with-postgres npm test --silent -- $(ARGS)

# cargo-leptos has built another program and another site, without the last steps.
test-end2end:
	+@$(RELEASE)
	@$(MAKE) --no-print-directory test-browser

test-repeatedly: ## the browser's tests twenty times, half of the runs with answers delayed at random (TIMES=… sets the number)
	@scripts/tools test
	+@$(RELEASE)
	@scripts/test-repeatedly $(TIMES)

thieves: ## the life of stolen tokens, simulated: a table of strategies against the rotation rule
	cargo bench --features ssr --bench thieves

timing: ## whether the time of an answer reveals what the answer hides
	cargo bench --features ssr --bench timing

memory: ## how much memory 200 simultaneous sign-ins need, and how quickly others are served in the meantime
	cargo bench --features ssr --bench memory

hostile: ## floods a server in several ways, and measures how it serves other people in the meantime (ARGS=path/to/target/release/latchkey for another)
	+@$(RELEASE)
	cargo bench --features ssr --bench hostile -- $(ARGS)

bench: ## compares the release with a bare server that does the same work, in 6 minutes, and rewrites docs/PERFORMANCE.md (ARGS=--quick, --sessions=3000000, --against=path/to/another/latchkey)
	+@$(RELEASE)
	cargo build --quiet --release --package latchkey-floor
	cargo build --quiet --release --package latchkey-measure
	target/release/compare $(ARGS)

budget: ## instructions of the most frequent work, and bytes of each page, against benches/budget.toml (ARGS=set makes today's figures the budget)
	@scripts/tools budget
	+@$(RELEASE)
	cargo build --quiet --release --package latchkey-measure
	target/release/count $(or $(ARGS),check) benches/budget.toml

screenshots: ## makes sheets in docs/screenshots of every page and state, wide and narrow, light and dark
	@scripts/tools test
	+@$(RELEASE)
	@npm run --silent screenshots

weight: ## what each page transfers, on the first visit and on the second, measured in a real browser
	@scripts/tools test
	+@$(RELEASE)
	@npm run --silent weight

mutants: ## mutation testing of the rules and of tokens: half an hour on two cores (ARGS=… goes to cargo-mutants)
	@scripts/tools mutants
	@scripts/mutants $(ARGS)

fuzz: ## fuzzes the code that reads input from outside, a minute for each target (SECONDS=… for each, ARGS=… names of targets)
	@scripts/tools fuzz
	@scripts/fuzz run $(or $(SECONDS),60) $(ARGS)

check: ## formatting, lints for both targets, licences and bans, documentation, types of the browser tests
	@scripts/tools check
	cargo fmt --all --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --features ssr --all-targets -- -D warnings
	cargo clippy --features hydrate --target wasm32-unknown-unknown --lib -- -D warnings
	cargo clippy --package latchkey-strength --target wasm32-unknown-unknown -- -D warnings
	cargo clippy --package latchkey-floor --package latchkey-measure -- -D warnings
	cargo deny --log-level error check bans licenses sources
	RUSTDOCFLAGS='-D warnings' cargo doc --features ssr --no-deps --lib
	npm run --silent types

audit: ## known vulnerabilities of our dependencies (needs the network)
	@scripts/tools check
	cargo deny check advisories

build: ## a release: one file, target/release/latchkey
	@scripts/tools build
	+@$(RELEASE)

dist: ## packs a release into target/dist: a Debian package, an archive, a list of its parts, checksums
	@scripts/tools dist
	+@$(RELEASE)
	@scripts/dist

program: $(SERVER) $(SITE)
	cargo rustc --quiet $(OF_SERVER) --bin latchkey -- --cfg embedded_site

$(SERVER): $(MANIFESTS) $(shell find src migrations 2>/dev/null)
	@echo 'Release build of the server: 9 to 12 minutes on two cores the first time'
	@mkdir -p $(@D) && touch $@.begun
	cargo build $(OF_SERVER) --lib
	@mv $@.begun $@

$(SITE): $(MANIFESTS) $(STRENGTH) scripts/seal-site $(shell find src style public 2>/dev/null)
	@echo 'Release build of the site: 3 minutes on two cores the first time'
	@mkdir -p target && touch target/.site.begun
	LEPTOS_HASH_FILES=false cargo-leptos build --release --split --frontend-only
	cp $(STRENGTH) target/site/pkg/strength.wasm
	cp strength/worker.js target/site/pkg/strength.js
	scripts/seal-site
	@touch -r target/.site.begun $@

# wasm-bindgen removes code that only a page with its scripts would need.
$(STRENGTH): $(MANIFESTS) $(shell find strength -type f)
	@echo 'The judge of new passwords: a minute on two cores the first time'
	cargo build --package latchkey-strength --profile wasm-release --target wasm32-unknown-unknown --target-dir target/front
	wasm-bindgen --target web --no-typescript --remove-producers-section --out-dir $(@D) \
		target/front/wasm32-unknown-unknown/wasm-release/strength.wasm
	wasm-opt -Oz $@ -o $@

clean-tools: ## removes the tools installed in this folder
	rm -rf .tools node_modules
