#!/usr/bin/env python3
"""Runs random command lines, values at the edges, and says which end as they should not.

    Scripts/fuzz_command_line.py PROGRAM MODEL [--runs 10000] [--seed 1] [--only COMMANDS]

MODEL is a tiny model's folder, such as Tests/Fixtures/models/smollm2; a conversation needs a
template, so a copy of it with one is used. Commands and options come from the program itself. Right
is: exit status 0, 1, 2 or 130 within the time limit; a line that begins with "sparrow: " where it
failed; no half-written file. Prints the command line of each that is wrong, ready for a shell, and
exits with 1 when there is one. Needs Python 3.9 alone.
"""
import argparse, collections, json, os, random, shlex, shutil, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

NUMBERS = ["0", "1", "-1", "2", "-2", "3", "7", "16", "64", "0.5", "0.999", "1.5", "-0.5", "1e-45",
           "1e-30", "1e30", "1e309", "nan", "inf", "-inf", "9223372036854775807",
           "-9223372036854775808", "18446744073709551615", "2147483648", "65536", "4294967297", "",
           "abc", " 1", "0x10", "1,5", "--json"]
TEXTS = ["", "-", "--", "- apples", "--json", "-x", "a", "\ufeffa", "a b " * 700, "e\u0301",
         "\x01\x1b[A", "%s%n", "界🐦", "perplexity=1.5", "density=0.5", "density=0",
         "perplexity=nan", "density=inf", "perplexity=1e400"]
# What makes each command short, given first: an option that is drawn later takes its place.
BASES = {
    "pull": [["pypi:-x"], ["https://127.0.0.1:1/a.gguf"], ["a/b:c:d"], [""], ["pypi:"], ["-"]],
    "info": [["MODEL"]],
    "generate": [["MODEL", "--prompt", "a b", "-n", "3"]],
    "chat": [["CHAT", "-n", "3"]],
    "perplexity": [["MODEL", "--text", "TEXT", "--context", "16", "--chunks", "2"]],
    "evaluate": [["MODEL", "--adapter", "ADAPTER", "--text", "TEXT", "--context", "16",
                  "--chunks", "1"],
                 ["MODEL", "--adapter", "ADAPTER", "--task", "TASKS", "--max-tokens", "2"]],
    "bench": [["MODEL", "--prompt", "4", "--generate", "2", "--repeat", "1"],
              ["MODEL", "--adapter", "ADAPTER", "--sweep", "density", "--repeat", "1"]],
    "calibrate": [[*what, "MODEL", "--text", "TEXT", "--tokens", "64", "--output", "OUT"]
                  for what in (
        ["head", "--candidates", "32"], ["networks"], ["attention"], ["inputs"], ["all"],
        ["networks", "--method", "low-rank", "--every-layer", "--target", "density=0.5"])],
    "embed": [["Tests/Fixtures/encoder", "--text", "a b"]],
    "export": [["MODEL", "--output", "OUT"]],
    "demo": [["MODEL", "--text", "TEXT", "-n", "2", "--adapter", "ADAPTER"]],
    "doctor": [[]],
    "pretrain": [["CONFIG", "--tokenizer", "MODEL", "--text", "TEXT", "--steps", "1",
                  "--batch", "1", "--length", "16", "--output", "OUT", "--cpu"]],
    "sample": [["MODEL", "--tokens", "32", "--rows", "2", "--length", "16", "--output", "OUT.jsonl",
                "--cpu"]],
    "train": [[kind, "MODEL", "--text", "TEXT", "--steps", "1", "--batch", "1", "--length", "16",
               "--output", "OUT", "--cpu"] for kind in ("lte", "topk", "relu", "predictors")],
}
# Drawn less often, since they take long by what they are.
WEIGHTS = {"bench": 0.15, "demo": 0.3, "doctor": 0.02, "pull": 0.3, "train": 0.5, "pretrain": 0.3,
           "sample": 0.5}
TRAINING = ("pretrain", "sample", "train")
# Figures that a user may ask for and wait for.
LONG = {"repeat": ["0", "1", "2", "-1", "9223372036854775807", "10001", "nan", ""],
        "steps": ["0", "1", "-1", "9223372036854775807", ""]}


def options(command):
    """Options and flags of a command and those below it, by its name."""
    found = [a for a in command.get("arguments", []) if a["kind"] in ("option", "flag")]
    for sub in command.get("subcommands", []):
        found += options(sub)
    return [a for a in found if a["preferredName"]["name"] not in ("help", "version")]


class Files:
    """Inputs of every kind, made once."""

    def __init__(self, folder, program, model):
        self.folder = folder
        self.model = os.path.abspath(model)
        path = lambda name: os.path.join(folder, name)
        self.chat = path("chat")
        shutil.copytree(self.model, self.chat)
        with open(path("chat/chat_template.jinja"), "w") as out:
            out.write("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}a:")
        self.config = os.path.join(self.model, "config.json")
        words = "the a b sparrow is small bird " * 80
        contents = {
            "text.txt": words.encode(), "empty.txt": b"", "short.txt": b"a",
            "zeros.txt": bytes(500),
            "mark.txt": b"\xef\xbb\xbf" + words.encode(), "wide.txt": words.encode("utf-16"),
            "broken.txt": b"a\xff\xfe\x80" * 50, "lines.txt": words.replace(" ", "\r\n").encode(),
            "tasks.jsonl": b'{"prompt": "", "choices": ["a", "b"], "answer": 1}\n'
                           b'{"prompt": "a", "answers": ["b"]}\r\n',
            "texts.jsonl": ('{"text": "%s"}\n' % words).encode(),
            "broken.jsonl": b'{"text": 1}\n[', "empty.jsonl": b"",
        }
        for name, content in contents.items():
            with open(path(name), "wb") as out:
                out.write(content)
        self.text = path("text.txt")
        self.tasks = path("tasks.jsonl")
        self.paths = [path(name) for name in contents] + [
            folder, "/nonexistent/file", "/dev/null", "/dev/full", "-", "", ".", "/", "n" * 300,
            self.model, program]
        self.adapter = path("adapter")
        made = subprocess.run(
            [program, "calibrate", "all", self.model,
             "--text", self.text, "--tokens", "64", "--target", "density=0.5", "--output",
             self.adapter],
            capture_output=True, text=True)
        if made.returncode != 0:
            sys.exit("no adapter to try: " + made.stderr)


def draw(rng, commands, files, out):
    """A command line, its standard input, and whether its standard output is full."""
    names = list(commands)
    name = rng.choices(names, [WEIGHTS.get(n, 1) for n in names])[0]
    places = {"MODEL": files.model, "CHAT": files.chat, "TEXT": files.text, "TASKS": files.tasks,
              "ADAPTER": files.adapter, "CONFIG": files.config, "OUT": out,
              "OUT.jsonl": out + ".jsonl"}
    line = [name] + [places.get(word, word) for word in rng.choice(BASES.get(name, [[]]))]
    for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3, 4])):
        option = rng.choice(commands[name])
        given = option["preferredName"]
        long = given["name"]
        spelled = ("--" if given["kind"] == "long" else "-") + long
        if option["kind"] == "flag":
            line.append(spelled)
            continue
        value = draw_value(rng, long, option, files, out)
        isJoined = given["kind"] == "long" and rng.random() < 0.3
        line += [spelled + "=" + value] if isJoined else [spelled, value]
    if rng.random() < 0.02:
        line.insert(rng.randrange(1, len(line) + 1), rng.choice(TEXTS))
    stdin = rng.choice([b"", b"a b\n", b"\xff\xfe", b"Hi\n\n/new\n/help\n/regenerate\nx\n/exit\n",
                        b"/save " + out.encode()])
    return line, stdin, rng.random() < 0.04


def draw_value(rng, long, option, files, out):
    if long in LONG:
        return rng.choice(LONG[long])
    if long in ("output", "html"):
        return rng.choice([out, out, out + "/deep/er", "/proc/x/y", "/dev/full", files.text, "",
                           ".", "/", out + "/"])
    if long in ("text", "task", "held-out", "measure", "chat-template", "openings"):
        return rng.choice(files.paths)
    if long in ("adapter", "like", "start"):
        return rng.choice([files.adapter, files.adapter] + files.paths)
    # Good values too, so that what stands beside them is reached.
    good = option.get("allValues") or [option[key] for key in ("defaultValue",) if key in option]
    pick = rng.random()
    if good and pick < 0.4:
        return rng.choice(good)
    return rng.choice(NUMBERS if pick < 0.85 else TEXTS)


def fault(program, line, stdin, full, folder, limit, statuses):
    """What is wrong with how a command line ended; None when nothing is. Counts the statuses."""
    environment = {"PATH": os.environ["PATH"], "SPARROW_CACHE": folder + "/cache",
                   "HF_ENDPOINT": "http://127.0.0.1:1"}
    with open("/dev/full", "wb") as sink:
        try:
            done = subprocess.run(
                [program] + line, input=stdin, stdout=sink if full else subprocess.PIPE,
                stderr=subprocess.PIPE, timeout=limit, cwd=folder, env=environment)
        except subprocess.TimeoutExpired:
            return f"still running after {limit} s"
        except ValueError:  # A zero byte in an argument.
            return None
    statuses[done.returncode] += 1
    errors = done.stderr.decode("utf-8", "replace")
    if done.returncode not in (0, 1, 2, 130):
        return f"status {done.returncode}: {errors[-300:]}"
    said = [text for text in errors.splitlines() if text.startswith("sparrow: ")]
    if done.returncode in (1, 2) and not said:
        return f"status {done.returncode} without a line: {errors[-300:]}"
    if done.returncode in (1, 2) and not full and os.path.exists(folder + "/out/adapter.json"):
        return "an output though it failed"
    left = [name for _, folders, names in os.walk(folder) for name in folders + names
            if name.endswith(".partial")]
    if left:
        return f"left behind: {left}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only")
    parser.add_argument("--training", action="store_true", help="the commands that need MLX too")
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    dump = subprocess.run([program, "--experimental-dump-help"], capture_output=True).stdout
    subcommands = json.loads(dump)["command"]["subcommands"]
    commands = {c["commandName"]: options(c) for c in subcommands if c["commandName"] != "help"}
    if not arguments.training:
        commands = {name: found for name, found in commands.items() if name not in TRAINING}
    if arguments.only:
        commands = {name: commands[name] for name in arguments.only.split(",")}
    with tempfile.TemporaryDirectory() as shared:
        files = Files(shared, program, arguments.model)
        faults = []
        statuses = collections.Counter()

        def run(number):
            rng = random.Random(f"{arguments.seed} {number}")
            with tempfile.TemporaryDirectory() as folder:
                line, stdin, full = draw(rng, commands, files, folder + "/out")
                wrong = fault(program, line, stdin, full, folder, arguments.limit, statuses)
                if wrong:
                    faults.append(number)
                    print(f"{number}: sparrow {shlex.join(line)} <<< {stdin!r}"
                          f"{' >/dev/full' if full else ''}\n    {wrong}", flush=True)

        with ThreadPoolExecutor(arguments.jobs) as pool:
            for done, _ in enumerate(pool.map(run, range(arguments.runs)), 1):
                if done % 1000 == 0:
                    print(f"{done} done, {len(faults)} wrong", flush=True)
    print(f"{arguments.runs} command lines, {len(faults)} wrong; "
          f"statuses {dict(sorted(statuses.items()))}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
