"""What the comparisons share: finding both engines, running them, reading what they print."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.3.36"


def add_options(parser):
    parser.add_argument("models", nargs="+", metavar="MODEL", help="GGUF files")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sparrow", default=str(ROOT / ".build/release/sparrow"))
    parser.add_argument("--llama", help="folder of llama.cpp's programs (build_llama.sh prints it)")
    parser.add_argument("--llama-only", action="store_true", help="leave Sparrow out")
    parser.add_argument("--adapter", help="run Sparrow with this adapter as well")
    parser.add_argument("--json", metavar="FILE", help="keep all rounds in FILE, for tables.py")


def llama_program(arguments, name):
    cache = os.environ.get("SPARROW_CACHE") or Path.home() / ".cache/sparrow"
    folder = arguments.llama or Path(cache) / f"llama.cpp-{VERSION}/build/bin"
    path = shutil.which(str(Path(folder) / name))
    if not path:
        sys.exit(f"{Path(folder) / name} is not there: run Benchmarks/build_llama.sh")
    return path


def warn_if_busy():
    load, cores = os.getloadavg()[0], os.cpu_count()
    if load > 0.5 * cores:
        print(
            f"warning: load average {load:.1f} on {cores} cores: speeds will mislead, and "
            "llama.cpp's spinning threads suffer most",
            file=sys.stderr,
        )


def check_sparrow(arguments):
    if not arguments.llama_only and not shutil.which(arguments.sparrow):
        sys.exit(f"{arguments.sparrow} is not there: run swift build -c release")


def run(command, stream="stdout"):
    """Runs a command and returns what it wrote to `stream` (or to `both`)."""
    done = subprocess.run([str(c) for c in command], capture_output=True, errors="replace")
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    return done.stdout if stream == "stdout" else done.stdout + done.stderr
