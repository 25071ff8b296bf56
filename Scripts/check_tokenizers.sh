#!/bin/sh
# Checks the tokenizers against the reference libraries at length: 10,000 random texts a family, the same
# with whole vocabularies, pipelines of every kind, llama.cpp's public vectors and its pre-tokenizers.
#
# Usage: Scripts/check_tokenizers.sh [FOLDER-OF-ggml-vocab-FILES]
# Needs: pip install tokenizers sentencepiece gguf; PYTHON names the interpreter, TEXTS the number of texts,
# LLAMA_TOKENIZE llama.cpp's program, without which its pre-tokenizers are left out.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-python3}
texts=${TEXTS:-10000}
vocabularies=${1:-}

"$python" Scripts/make_tokenizer_fixtures.py --random "$texts" --out "$work"
"$python" Scripts/make_pipeline_fixtures.py --random $((texts / 20)) --out "$work/pipelines.json"
export SPARROW_PIPELINE_CASES="$work/pipelines.json"
if [ -n "$vocabularies" ]; then
  "$python" Scripts/make_tokenizer_fixtures.py --random "$texts" --out "$work" --gguf \
    "$vocabularies"/ggml-vocab-gpt-2.gguf "$vocabularies"/ggml-vocab-llama-bpe.gguf \
    "$vocabularies"/ggml-vocab-qwen2.gguf "$vocabularies"/ggml-vocab-llama-spm.gguf
  export SPARROW_VOCABULARIES="$vocabularies"
  if [ -n "${LLAMA_TOKENIZE:-}" ]; then
    "$python" Scripts/make_gguf_cases.py "$vocabularies/ggml-vocab-gpt-2.gguf" "$LLAMA_TOKENIZE" "$work/pre"
    export SPARROW_GGUF_CASES="$work/pre"
  fi
fi
for folder in "$work"/*/; do
  [ -f "$folder/tokenizer.json" ] || continue
  SPARROW_TOKENIZER_CASES="${SPARROW_TOKENIZER_CASES:+$SPARROW_TOKENIZER_CASES:}${folder%/}"
done
export SPARROW_TOKENIZER_CASES SPARROW_SENTENCEPIECE_CASES="$work/sentencepiece/sentencepiece.json"
swift test --disable-xctest -c release -Xcc -O2 -Xswiftc -enable-testing \
  --filter 'ReferenceTests|PublicVectorTests|SentencePieceTests|PipelineTests'
