"""Writes the small files of Tests/Fixtures/formats with the reference writers.

Usage: python Scripts/make_format_fixtures.py    (needs: pip install gguf safetensors numpy)
"""

import pathlib

import gguf
import numpy
from safetensors.numpy import save_file

out = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/formats"
out.mkdir(parents=True, exist_ok=True)

# One annotation only: the reference writer puts several in no fixed order.
save_file(
    {
        "b.weight": numpy.arange(6, dtype=numpy.float32).reshape(2, 3) / 4,
        "a.half": numpy.arange(4, dtype=numpy.float16) - 1.5,
        "c.bytes": numpy.arange(5, dtype=numpy.uint8),
        "é.long": numpy.array([1 << 40, -1], dtype=numpy.int64),
        "d.int": numpy.array([7, -7], dtype=numpy.int32),
        "empty": numpy.zeros((0, 3), dtype=numpy.float32),
        "scalar": numpy.array(2.5, dtype=numpy.float32),
    },
    out / "reference.safetensors",
    metadata={"format": 'a "quoted"\nline'},
)

writer = gguf.GGUFWriter(out / "reference.gguf", "llama")
writer.add_block_count(2)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_bool("test.flag", True)
writer.add_uint64("test.large", (1 << 64) - 1)
writer.add_float64("test.double", 0.1)
writer.add_array("test.ints", [-1, 2, 3])
writer.add_array("test.floats", [0.5, 0.25])
writer.add_token_list(["<s>", "é", "▁a", ""])
writer.add_token_scores([0.0, -1.0, -2.0, -3.0])
values = numpy.linspace(-1, 1, 128, dtype=numpy.float32).reshape(2, 64)
writer.add_tensor("f32", values)
writer.add_tensor("f16", values.astype(numpy.float16))
for kind in (gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.Q4_0):
    writer.add_tensor(kind.name.lower(), gguf.quantize(values, kind), raw_dtype=kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
