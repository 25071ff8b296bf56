#!/usr/bin/env bash
# Builds llama.cpp's programs that the comparisons run, for this machine, from the source that PyPI's
# llama-cpp-python carries. Needs Python with pip and venv, and a C++ compiler.
# Run: Benchmarks/build_llama.sh [JOBS]. The last line printed is the folder of programs.
set -euo pipefail

version=0.3.36
jobs=${1:-$(getconf _NPROCESSORS_ONLN)}
root=${SPARROW_CACHE:-$HOME/.cache/sparrow}/llama.cpp-$version
programs=(llama-batched-bench llama-bench llama-perplexity llama-quantize llama-server
  llama-tokenize)

mkdir -p "$root"
if [ ! -x "$root/venv/bin/ninja" ]; then
  python3 -m venv "$root/venv"
  "$root/venv/bin/pip" install --quiet cmake ninja
fi
export PATH="$root/venv/bin:$PATH"

if [ ! -d "$root/source" ]; then
  pip download --quiet --no-deps --no-binary llama-cpp-python --dest "$root" \
    "llama-cpp-python==$version"
  mkdir "$root/unpacking"
  tar xzf "$root/llama_cpp_python-$version.tar.gz" -C "$root/unpacking" --strip-components=1
  mv "$root/unpacking" "$root/source"
fi

source="$root/source/vendor/llama.cpp"
cmake -S "$source" -B "$root/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON \
  -DBUILD_SHARED_LIBS=OFF -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_SERVER=ON \
  -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_BUILD_TESTS=OFF \
  -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TOOLS=ON >"$root/build.log"
cmake --build "$root/build" -j "$jobs" --target "${programs[@]}" >>"$root/build.log" 2>&1 ||
  { tail -n 40 "$root/build.log" >&2; exit 1; }
echo "$root/build/bin"
