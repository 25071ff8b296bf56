#!/usr/bin/env python3
"""Writes a Llama of random weights in Q4_K_M, for measuring speed and loading at a real size.

    pip install gguf numpy
    Benchmarks/make_random_llama.py OUT.gguf          # Llama 2's shape at 7B: 4.08 GB
    Benchmarks/make_random_llama.py OUT.gguf --layers 2 --width 512 --neurons 1024 --heads 8

Which matrices are Q6_K is llama.cpp's choice for that mixture. Its text is noise.
"""
import argparse

import gguf
import numpy as np

BLOCK = 256
VOCABULARY = 32000


def halves(value, count):
    return np.full(count, value, np.float16).view(np.uint8).reshape(count, 2)


def q4_k(random, count, size):
    """Blocks of weights of about `size`: mean steps of 31.5, the minimum takes the mean away."""
    blocks = np.frombuffer(random.bytes(count * 144), np.uint8).reshape(count, 144).copy()
    scale = size / 4.6 / 36
    blocks[:, :2], blocks[:, 2:4] = halves(scale, count), halves(7.5 * scale, count)
    return blocks


def q6_k(random, count, size):
    blocks = np.frombuffer(random.bytes(count * 210), np.uint8).reshape(count, 210).copy()
    blocks[:, 208:] = halves(size / 18.5 / 74, count)
    return blocks


class Writer:
    def __init__(self, o):
        self.o, self.random = o, np.random.default_rng(0)
        self.file = gguf.GGUFWriter(o.output, "llama")

    def matrix(self, name, rows, columns, scale=1.0, six=False):
        make, kind = (q6_k, "Q6_K") if six else (q4_k, "Q4_K")
        blocks = make(self.random, rows * columns // BLOCK, scale / columns**0.5)
        self.file.add_tensor(
            name + ".weight", blocks.reshape(rows, -1),
            raw_dtype=gguf.GGMLQuantizationType[kind])

    def ones(self, name):
        self.file.add_tensor(name + ".weight", np.ones(self.o.width, np.float32))

    def facts(self):
        o, file = self.o, self.file
        file.add_name("random")
        file.add_context_length(4096)
        file.add_embedding_length(o.width)
        file.add_block_count(o.layers)
        file.add_feed_forward_length(o.neurons)
        file.add_head_count(o.heads)
        file.add_head_count_kv(o.heads)
        file.add_layer_norm_rms_eps(1e-5)
        file.add_rope_dimension_count(o.width // o.heads)
        file.add_file_type(15)
        letters = [chr(code) for code in range(97, 123)]
        pieces = ["\u2581"] + letters + [a + b for a in ["\u2581"] + letters for b in letters]
        tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + pieces
        known = len(tokens)
        tokens += [f"<{i}>" for i in range(VOCABULARY - known)]
        file.add_tokenizer_model("llama")
        file.add_tokenizer_pre("default")
        file.add_token_list(tokens)
        file.add_token_scores([0.0] * 259 + [-float(i) for i in range(VOCABULARY - 259)])
        file.add_token_types([2, 3, 3] + [6] * 256 + [1] * (VOCABULARY - 259))
        file.add_bos_token_id(1)
        file.add_eos_token_id(2)

    def layer(self, i):
        o, name = self.o, f"blk.{i}."
        eighth = o.layers // 8
        six = i < eighth or i >= 7 * o.layers // 8 or (i - eighth) % 3 == 2
        self.ones(name + "attn_norm")
        self.ones(name + "ffn_norm")
        self.matrix(name + "attn_q", o.width, o.width)
        self.matrix(name + "attn_k", o.width, o.width)
        self.matrix(name + "attn_v", o.width, o.width, six=six)
        self.matrix(name + "attn_output", o.width, o.width, 0.3)
        self.matrix(name + "ffn_gate", o.neurons, o.width)
        self.matrix(name + "ffn_up", o.neurons, o.width)
        self.matrix(name + "ffn_down", o.width, o.neurons, 0.3, six=six)

    def write(self):
        self.facts()
        self.matrix("token_embd", VOCABULARY, self.o.width, 64.0)
        self.ones("output_norm")
        self.matrix("output", VOCABULARY, self.o.width, six=True)
        for i in range(self.o.layers):
            self.layer(i)
        self.file.write_header_to_file()
        self.file.write_kv_data_to_file()
        self.file.write_tensors_to_file()
        self.file.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", metavar="OUT.gguf")
    parser.add_argument("--layers", type=int, default=32)
    parser.add_argument("--width", type=int, default=4096, help="a multiple of 256")
    parser.add_argument("--neurons", type=int, default=11008, help="a multiple of 256")
    parser.add_argument("--heads", type=int, default=32)
    Writer(parser.parse_args()).write()


if __name__ == "__main__":
    main()
