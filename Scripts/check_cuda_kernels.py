"""Compiles the CUDA kernels for every architecture that matters, without a GPU.

    check_cuda_kernels.py [NAME ...]    of all files, or of those whose names contain one of these

NVIDIA's compiler comes from PyPI, once, into .cache/nvrtc, or from a folder in SPARROW_CUDA_LIBS. A
warning fails, and so does a kernel that keeps more in local memory than its line below allows.
"""
import ctypes
import glob
import os
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ProcessPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = os.path.join(ROOT, "Sources/CSparrowCUDA")
CACHE = os.path.join(ROOT, ".cache/nvrtc")
ARCHITECTURES = (80, 90, 100)
# What every source begins with, as KernelLibrary has it.
SHARED = ("kernel_arguments.h", "block_formats.h", "warp.cuh")
PRODUCTS = ("products.cuh", "lines.cuh", "copies.cuh")
FORMATS = {name: number for number, name in enumerate(
    ("f32", "f16", "bf16", "q3", "q4", "q4m", "q5", "q5m", "q6", "q8"))}


def cuts():
    """The products' kernels: (files, constants, bytes of local memory that are allowed)."""
    for name, number in FORMATS.items():
        if name in ("f32", "f16"):  # f16 is compiled as bf16 is
            continue
        is_float = name == "bf16"
        for tiles, columns, slots, blocks, allowed in (
            ((2, 1, 3, 2, 0), (2, 1, 2, 2, 0), (1, 1, 4, 2, 0), (1, 2, 4, 2, 0), (4, 2, 3, 1, 0))
            if is_float else ((1, 1, 4, 2, 0), (2, 2, 3, 1, 128))
        ) + ((2, 4, 3, 1, 256),):
            constants = dict(FORMAT=number, TILES=tiles, COLUMN_TILES=columns, SLOTS=slots,
                             BLOCKS=blocks)
            yield PRODUCTS + ("multiply.cuh", "multiply.cu"), constants, allowed
            if columns == 1:
                yield ("prepare.cuh",) + PRODUCTS + ("multiply.cuh", "staged.cu"), constants, allowed
        # Chosen neurons, of one matrix and of two.
        for matrices in (1, 2):
            for tiles, columns in ((matrices, 1), (2, 1), (2, 2), (4, 2)) if is_float else (
                    (matrices, 1), (2, 2)):
                constants = dict(FORMAT=number, MATRICES=matrices, TILES=tiles,
                                 COLUMN_TILES=columns, SLOTS=4 if tiles == 1 else 3,
                                 BLOCKS=2 if tiles * columns <= 2 else 1)
                yield (("sparse_arguments.h", "prepare.cuh") + PRODUCTS + (
                    "multiply.cuh", "chosen.cuh", "neurons.cu"), constants, 48 if is_float else 128)
        many = dict(FORMAT=number, COLUMN_TILES=8 if is_float else 4, STAGES=4)
        yield PRODUCTS + ("multiply_many.cu",), many, 128 if is_float else 256


def steps():
    """The whole step's kernel in each format of weights, for gated and plain shapes."""
    files = ("step_arguments.h", "step_memory.cuh", "ring.cuh", "step_columns.cuh", "step.cuh",
             "step_floats.cuh", "step_blocks.cuh", "step_down.cuh", "step_rows.cuh", "step_predict.cuh",
             "step_sketch.cuh", "step_attend.cuh", "step_output.cuh", "step_network.cuh", "step.cu")
    for bits, predictor_bits in ((16, 16), (8, 8), (4, 4), (16, 8)):
        # Width, head groups, query heads of each, whether gated, and the predictors' rank.
        for width, groups, heads, gated, rank in (
            (4096, 32, 1, 1, 256), (4096, 8, 4, 1, 256), (4096, 32, 1, 0, 1024),
            (5120, 40, 1, 0, 1024),
        ):
            yield files, dict(
                WEIGHT_BITS=bits, PREDICTOR_BITS=predictor_bits, WIDTH=width,
                CONSUMERS=width // 512, BLOCKS=132,
                SLOT_BYTES=20480 if width == 4096 or bits == 16 else 23168,
                SHARED_BYTES=232448, HEAD=128, KEY_HEADS=groups, GROUP=heads,
                SPLITS=min(132 // groups, 8), RANK=rank, HEAD_RANK=512, SKETCHES=0, ROUTES=gated,
                GATED=gated, MASK_WORDS=640), 16
    yield files, dict(
        WEIGHT_BITS=16, PREDICTOR_BITS=16, WIDTH=2048, CONSUMERS=8, BLOCKS=132, SLOT_BYTES=16384,
        SHARED_BYTES=232448, HEAD=128, KEY_HEADS=16, GROUP=1, SPLITS=8, RANK=256, HEAD_RANK=512,
        SKETCHES=1, ROUTES=0, GATED=0, MASK_WORDS=576), 0


def leans():
    """The kernel of a lean step, for SmolLM2's shape in floats and in blocks."""
    files = ("lean_arguments.h", "prepare.cuh", "cache.cuh", "attention.cuh") + PRODUCTS + (
        "multiply.cuh", "lean.cuh", "lean_phases.cuh", "lean_heads.cuh", "lean.cu")
    for number, slots, plain in ((2, 6, 0), (5, 6, 0), (8, 4, 0), (9, 6, 1)):
        yield files, dict(
            FORMAT=number, TILES=1, COLUMN_TILES=1, SLOTS=slots, BLOCKS=1, HIDDEN=576, WIDEST=1536,
            PHASES=151, HEADS=9, KEY_HEADS=3, HEAD=64, IS_STAGED=1 - plain, IS_RMS=1 - plain, NORM_BIASES=plain,
            POST_NORMS=plain, HEAD_NORMS=plain, IS_GATED=1 - plain, ACTIVATION=2 * (1 - plain),
            HAS_POSITIONS=plain), 0


def kernels():
    yield ("prepare.cuh", "rows.cu"), {}, 16
    attention = ("cache.cuh", "attention.cuh")
    yield attention + ("attention.cu",), {}, 16
    many = dict(ATTEND_ROWS=32, OWN_ROWS=4, ATTEND_BLOCKS=3)
    yield attention + ("attend_rows.cu",), many, 16
    yield ("products.cuh", "multiply_floats.cu"), {}, 0
    yield ("ring.cuh", "bandwidth.cu"), dict(SLOTS=12, SLOT_BYTES=16384, CONSUMERS=1), 0
    yield ("cut.cuh", "best.cu"), dict(SELECT_THREADS=1024), 16
    sparse = ("sparse_arguments.h",)
    yield sparse + ("transpose.cu",), {}, 0
    yield sparse + ("sketch.cu",), {}, 0
    for threads in (256, 1024):
        yield sparse + ("cut.cuh", "select.cu"), dict(SELECT_THREADS=threads), 80
    yield sparse + ("cut.cuh", "gather.cuh", "search.cu"), dict(SELECT_THREADS=1024), 0
    yield sparse + ("prepare.cuh", "sizes.cu"), {}, 16
    for rows in (1, 16):
        yield sparse + ("prepare.cuh", "chosen.cuh", "neurons_floats.cu"), dict(ROWS=rows), 16
    yield sparse + ("gather.cuh", "cache.cuh", "heads.cu"), {}, 16
    for number in range(4):
        for rows in (1, 2, 4, 8):
            yield sparse + ("columns.cu",), dict(FORMAT=number, ROWS=rows), 32
    yield ("step_arguments.h", "random.cu"), {}, 0
    yield from steps()
    yield from leans()
    yield from cuts()


def library():
    """The compiler's path, or None with a line that says why not."""
    def found(folder):
        paths = glob.glob(os.path.join(folder, "**/libnvrtc.so.1[23]"), recursive=True)
        return sorted(paths)[-1] if paths else None

    for folder in os.environ.get("SPARROW_CUDA_LIBS", "").split(":") + [CACHE]:
        if folder and found(folder):
            return found(folder)
    os.makedirs(CACHE, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
         "--require-hashes", "--dest", CACHE, "-r", os.path.join(ROOT, "Scripts/nvrtc.txt")],
        capture_output=True, text=True)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"skipped: pip does not get nvidia-cuda-nvrtc ({reason})")
        return None
    for wheel in glob.glob(os.path.join(CACHE, "*.whl")):
        zipfile.ZipFile(wheel).extractall(CACHE)
        os.remove(wheel)
    return found(CACHE)


def text(name):
    for folder in ("include", "kernels"):
        path = os.path.join(SOURCES, folder, name)
        if os.path.exists(path):
            return open(path).read()
    raise SystemExit(f"no kernel file {name}")


def compile_one(job):
    """What is wrong with a kernel file for one architecture; None if nothing is."""
    path, files, constants, allowed, architecture = job
    nvrtc = ctypes.CDLL(path)
    source = "\n".join(text(name) for name in SHARED + files)
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(
        ctypes.byref(program), source.encode(), files[-1].encode(), 0, None, None)
    options = [f"--gpu-architecture=sm_{architecture}", "--std=c++17", "--device-int128",
               "--ptxas-options=-v"] + [f"-D{key}={value}" for key, value in constants.items()]
    array = (ctypes.c_char_p * len(options))(*[option.encode() for option in options])
    status = nvrtc.nvrtcCompileProgram(program, len(options), array)
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    log = log.value.decode()
    bad = [line for line in log.splitlines() if "error" in line or "warning" in line]
    stack = max(map(int, re.findall(r"(\d+) bytes stack frame", log)), default=0)
    if status == 0 and not bad and stack > allowed:
        bad = [f"{stack} bytes of local memory, at most {allowed} expected"]
    if status == 0 and not bad:
        return None
    named = " ".join(f"{key}={value}" for key, value in constants.items())
    return f"{files[-1]} sm_{architecture} {named}: {bad[0] if bad else log.strip()[:300]}"


def main():
    path = library()
    if path is None:
        return 0
    wanted = sys.argv[1:]
    jobs = []
    named = {name for files, _, _ in kernels() for name in SHARED + files}
    files = sorted(os.listdir(os.path.join(SOURCES, "kernels")))
    missing = [f"{name}: no line here compiles it" for name in files if name not in named]
    embedded = open(os.path.join(SOURCES, "sources.c")).read()
    missing += [f"{name}: not in sources.c" for name in files if f'{{"{name}", ' not in embedded]
    for files, constants, allowed in kernels():
        if wanted and not any(name in files[-1] for name in wanted):
            continue
        for architecture in ARCHITECTURES:
            # The whole step copies in bulk, which is new with 9.0.
            if files[-1] == "step.cu" and architecture < 90:
                continue
            # Of the formats two stand for all on the others, for time's sake.
            if "lines.cuh" in files and architecture != 90 and constants["FORMAT"] not in (2, 5):
                continue
            jobs.append((path, files, constants, allowed, architecture))
    with ProcessPoolExecutor() as pool:
        wrong = missing + [line for line in pool.map(compile_one, jobs) if line]
    print("\n".join(wrong + [f"{len(jobs)} compilations, {len(wrong)} of them wrong"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
