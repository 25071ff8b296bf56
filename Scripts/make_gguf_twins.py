#!/usr/bin/env python3
"""Convert tiny models of Tests/Fixtures/models to GGUF by llama.cpp's own converter.

    pip install torch transformers safetensors gguf numpy
    python Scripts/make_gguf_twins.py LLAMA_CPP_SOURCE [NAME ...]

LLAMA_CPP_SOURCE is the folder of convert_hf_to_gguf.py. Writes Tests/Fixtures/gguf/<name>.gguf, in
bfloat16 as the models are, with the vocabulary of make_fixtures.py in place of a real one.
"""
import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TWINS = [
    "cohere", "cohere2", "falcon", "falcon-new", "gemma4", "gpt-neox", "gpt-neox-serial", "granite",
    "olmo2", "phi3-long",
]


def main():
    source, names = Path(sys.argv[1]).expanduser(), sys.argv[2:] or TWINS
    sys.path[:0] = [str(source), str(source / "gguf-py"), str(ROOT / "Scripts")]
    import gguf
    from conversion import get_model_class
    from conversion.base import ModelBase

    from make_fixtures import VOCAB, vocabulary

    logging.disable(logging.WARNING)

    def set_vocab(self):
        tokens, merges = vocabulary()
        self.gguf_writer.add_tokenizer_model("gpt2")
        self.gguf_writer.add_tokenizer_pre("gpt-2")
        self.gguf_writer.add_token_list(tokens)
        types = [gguf.TokenType.CONTROL] + [gguf.TokenType.NORMAL] * (VOCAB - 1)
        self.gguf_writer.add_token_types(types)
        self.gguf_writer.add_token_merges(merges)
        self.gguf_writer.add_bos_token_id(0)
        self.gguf_writer.add_eos_token_id(0)
        self.gguf_writer.add_add_bos_token(False)

    # Gemma's converter counts the tokens of a file that the fixtures do not have.
    vocab = json.dumps({"model": {"vocab": {str(i): i for i in range(VOCAB)}}, "added_tokens": []})
    scratch = Path(tempfile.mkdtemp())
    for name in names:
        folder = scratch / name
        shutil.copytree(ROOT / "Tests/Fixtures/models" / name, folder)
        (folder / "tokenizer.json").write_text(vocab)
        target = ROOT / f"Tests/Fixtures/gguf/{name}.gguf"
        hparams = ModelBase.load_hparams(folder, False)
        # What the converter reads in the hub's files, and this transformers calls otherwise.
        hparams["rotary_pct"] = hparams["rope_parameters"].get("partial_rotary_factor", 1)
        if hparams.get("multi_query") and not hparams["new_decoder_architecture"]:
            hparams["num_kv_heads"] = 1
        kind = get_model_class(hparams["architectures"][0], mmproj=False)
        kind = type(kind.__name__, (kind,), {"set_vocab": set_vocab, "model_arch": kind.model_arch})
        target.unlink(missing_ok=True)
        kind(
            folder, gguf.LlamaFileType.MOSTLY_BF16, target, hparams=hparams, model_name="tiny"
        ).write()
        print(name, target.stat().st_size)
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
