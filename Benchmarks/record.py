"""Records of measurements: what Benchmarks/results/*.json hold and tables.py writes pages from.

A record has a `kind`, the `command` that measured it, the `machine`, the `commit` of Sparrow and
the `date`, and what was measured: of speeds every round, so that nobody has to believe a median.
"""
import json
import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "Benchmarks/results"


def quoted(ratios):
    """The round to quote: that whose ratio is the median, of an even number the lesser of the two.

    Speeds and ratio of one round agree whatever else the machine did (`PairedFigures`).
    """
    return sorted(range(len(ratios)), key=ratios.__getitem__)[(len(ratios) - 1) // 2]


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def commit():
    git = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(git, capture_output=True, text=True)
    return done.stdout.strip()


def command(arguments):
    """The command as another machine would give it: files by their names, no place for results."""
    script = Path(arguments[0]).resolve()
    words, skips = [str(script.relative_to(ROOT))], False
    for word in arguments[1:]:
        if skips or word in ("--json", "--llama", "--sparrow"):
            skips = not skips
            continue
        words.append(os.path.basename(word) if os.path.isabs(word) else word)
    return " ".join(words)


def save(path, kind, models):
    """Writes a record of this process's command; nothing without a path."""
    if not path:
        return
    kept = {
        "kind": kind,
        "command": command(sys.argv),
        "machine": f"{processor()}, {os.cpu_count()} cores",
        "commit": commit(),
        "date": date.today().isoformat(),
        "models": models,
    }
    Path(path).write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def save_table(path, machine, columns, rows, figures):
    """Writes a table as it was printed, with the figures behind it; nothing without a path."""
    if not path:
        return
    kept = {
        "kind": "table",
        "command": command(sys.argv),
        "machine": machine,
        "commit": commit(),
        "date": date.today().isoformat(),
        "columns": columns,
        "rows": rows,
        "figures": figures,
    }
    Path(path).write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
