"""Runs every command on a GPU and compares with the processor: texts, exit codes, JSON.

    check_device_commands.py MODEL [--sparrow PATH] [--device cuda:0] [--text FILE] [--tokens N]

MODEL is a file or folder with a tokenizer. Greedy texts may part where two logits are nearly equal:
then the first word that differs is told, and it counts as wrong below a share of words that agree.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

from served import HOST, Served

WORDS = ("The sparrow is a small bird that lives near people. In winter it looks for seeds, and in "
         "summer for insects. Its nest lies under a roof or in a hedge. Two or three times a year "
         "it lays four or five eggs, and both parents feed the young. ")


class Check:
    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp()
        self.text = options.text or self.write("text.txt", WORDS * 60)
        self.wrong = 0
        facts = subprocess.run([options.sparrow, "info", options.model, "--json"],
                               capture_output=True, text=True, check=True)
        self.context = json.loads(facts.stdout)["context"]

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def tell(self, name, seconds, right, note=""):
        self.wrong += not right
        print(f"{'right' if right else 'WRONG'}  {name:34} {seconds:6.1f} s  {note}", flush=True)

    def run(self, *arguments, device=None, given=None, limit=120):
        """Exit code, output, errors and seconds of a command."""
        command = [self.options.sparrow, *arguments]
        command += ["--device", device or self.options.device]
        start = time.monotonic()
        try:
            done = subprocess.run(command, input=given, capture_output=True, text=True,
                                  timeout=limit)
            return done.returncode, done.stdout, done.stderr, time.monotonic() - start
        except subprocess.TimeoutExpired:
            return -1, "", f"still running after {limit} s", time.monotonic() - start

    def json(self, name, *arguments, **options):
        """The JSON that a command prints on the device; None where it is none."""
        code, out, errors, seconds = self.run(*arguments, "--json", **options)
        try:
            value = json.loads(out)
        except ValueError:
            value = None
        right = code == 0 and value is not None
        self.tell(name, seconds, right, "" if right else f"exit code {code}: {errors.strip()[-300:]}")
        return value if right else None

    def both(self, name, *arguments, given=None, share=0.3):
        """Whether the device prints what the processor prints."""
        code, out, errors, seconds = self.run(*arguments, given=given)
        cpu = self.run(*arguments, given=given, device="cpu")
        if code != 0 or cpu[0] != 0:
            return self.tell(name, seconds, False, f"exit codes {code}, {cpu[0]}: {errors[-300:]}")
        found, expected = out.split(), cpu[1].split()
        same = 0
        for one, other in zip(found, expected):
            if one != other:
                break
            same += 1
        note = "the same text" if out == cpu[1] else (
            f"{same} of {len(expected)} words, then {found[same:same + 3]} not "
            f"{expected[same:same + 3]}")
        self.tell(name, seconds, out == cpu[1] or same >= share * len(expected), note)

    def near(self, name, found, expected, part):
        right = found is not None and expected is not None and (
            abs(found - expected) <= part * abs(expected))
        self.tell(name, 0, right, f"{found}, on the processor {expected}")

    def texts(self):
        model, count = self.options.model, str(self.options.tokens)
        prompt = ("-p", WORDS[:120])
        self.both("generate", "generate", model, *prompt, "-n", count)
        self.both("generate, top-k", "generate", model, *prompt, "-n", count, "--temperature", "0.7",
                  "--seed", "5", share=0)
        self.both("generate, penalty", "generate", model, *prompt, "-n", count,
                  "--repetition-penalty", "1.2")
        self.json("generate --json", "generate", model, *prompt, "-n", "8")
        first = self.run("generate", model, *prompt, "-n", count, "--temperature", "1")
        again = self.run("generate", model, *prompt, "-n", count, "--temperature", "1")
        self.tell("generate repeats", first[3], first[0] == 0 and first[1] == again[1])
        code, _, errors, seconds = self.run("generate", model, *prompt, device="cuda:99")
        self.tell("a device that is not there", seconds, code not in (0, -1, 139, 132),
                  f"exit code {code}: {errors.strip()[:120]}")
        if self.options.chat:
            self.both("chat", "chat", model, "--temperature", "0", "-n", count,
                      given="What is a sparrow?\nWhere does it live?\n")

    def measures(self):
        model = self.options.model
        scored = ("perplexity", model, "--text", self.text, "--chunks", "2", "--context", "128")
        found = self.json("perplexity", *scored)
        expected = self.json("perplexity, processor", *scored, device="cpu")
        if found and expected:
            self.near("perplexity within 0.2 %", found["perplexity"], expected["perplexity"], 0.002)
        found = self.json("bench", "bench", model, "--prompt", str(min(512, self.context)),
                          "--generate", "64", "--repeat", "3")
        if found:
            print("      " + json.dumps({key: value for key, value in found.items()
                                         if "tokens_per_second" in key}))
        self.json("bench --streams", "bench", model, "--streams", "1", "--streams", "4",
                  "--generate", "32", "--repeat", "1")

    def adapters(self):
        model = self.options.model
        task = self.write("task.jsonl", "".join(json.dumps(item) + "\n" for item in (
            {"prompt": "The sparrow is a", "choices": [" bird", " stone"], "answer": 0},
            {"prompt": "2 + 2 =", "answers": ["4"], "stop": ["\n"]})))
        kinds = {
            "networks": ("--every-layer", "--target", "density=0.5", "--method", "low-rank"),
            "head": (), "attention": ("--target", "density=0.75"),
            "inputs": ("--target", "density=0.7"),
        }
        for kind, own in kinds.items():
            folder = os.path.join(self.folder, kind)
            made = self.json(f"calibrate {kind}", "calibrate", kind, model, "--text", self.text,
                             "--output", folder, "--tokens", "1200", *own, limit=300)
            if made is None:
                continue
            # What does not pay on the device runs dense there.
            self.both(f"generate, {kind}", "generate", model, "-p", WORDS[:120], "-n", "24",
                      "--adapter", folder, share=0)
            compared = ("evaluate", model, "--adapter", folder, "--text", self.text, "--task", task,
                        "--chunks", "2", "--context", "128", "--max-tokens", "8")
            found = self.json(f"evaluate, {kind}", *compared, limit=300)
            expected = self.json(f"evaluate, {kind}, processor", *compared, device="cpu", limit=300)
            if found and expected:
                for part, key in (("dense", "perplexity"), ("body", "perplexity"),
                                  ("layers", "density"), ("layers", "recall")):
                    one, other = (mean_of(next(values_of(each, part), None), key)
                                  for each in (found, expected))
                    if other is not None:
                        self.near(f"{key} {part}, {kind}", one, other, 0.03)
            self.json(f"bench, {kind}", "bench", model, "--adapter", folder, "--prompt", "0",
                      "--generate", "32", "--repeat", "1")
            if kind in ("networks", "attention"):
                self.json(f"bench --sweep, {kind}", "bench", model, "--adapter", folder, "--sweep",
                          "density", "--batch", "1", "--batch", "4", "--repeat", "1", limit=300)

    def server(self):
        answers = {}
        for device in (self.options.device, "cpu"):
            start = time.monotonic()
            try:
                with Served([self.options.sparrow, "serve", self.options.model, "--device", device,
                             "--cache-memory", "200MB"]) as server:
                    answers[device] = self.ask(f"http://{HOST}:{server.port}")
            except OSError as error:
                answers[device] = None
                print(f"      {error}")
            code = server.process.returncode
            self.tell(f"serve on {device} ends", time.monotonic() - start, code == 0,
                      f"exit code {code}")
        found, expected = answers[self.options.device], answers["cpu"]
        if found is None or expected is None:
            return self.tell("serve", 0, False, "no answers")
        for name in found:
            self.tell(f"serve, {name}", 0, found[name] == expected[name] or name == "drawn",
                      "the same" if found[name] == expected[name]
                      else f"{found[name]!r:.100} not {expected[name]!r:.100}")
        self.tell("serve, company changes nothing", 0, found["many"] == [found["many"][0]] * 4)

    def ask(self, place):
        def post(path, body):
            request = urllib.request.Request(
                place + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)

        def complete(**own):
            body = {"prompt": WORDS[:80], "max_tokens": 12, "temperature": 0, **own}
            return post("/v1/completions", body)["choices"]

        scored = complete(logprobs=3, max_tokens=4)[0]
        schema = {"type": "json_schema", "json_schema": {"name": "bird", "schema": {
            "type": "object", "properties": {"wings": {"enum": [2, 4]}}, "required": ["wings"],
            "additionalProperties": False}}}
        return {
            "greedy": complete()[0]["text"],
            "drawn": complete(temperature=0.8, top_k=20, seed=3)[0]["text"],
            "bias": complete(logit_bias={"5": 3}, max_tokens=4)[0]["text"],
            "many": [each["text"] for each in complete(n=4)],
            "log-probabilities": [round(each, 1) for each in scored["logprobs"]["token_logprobs"]
                                  if each is not None],
            "schema": complete(response_format=schema, max_tokens=30)[0]["text"].strip()[:12],
        }


def values_of(tree, key):
    """All that is of this name in a JSON value; of figures their means."""
    if isinstance(tree, dict):
        own = tree.get(key)
        if own is not None:
            yield own["mean"] if isinstance(own, dict) and "mean" in own else own
        tree = list(tree.values())
    if isinstance(tree, list):
        for each in tree:
            yield from values_of(each, key)


def mean_of(tree, key):
    """None where there are none."""
    values = [value for value in values_of(tree, key) if isinstance(value, (int, float))]
    return sum(values) / len(values) if values else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--sparrow", default="sparrow")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--text")
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--chat", action="store_true", help="the model has a chat template")
    check = Check(parser.parse_args())
    for part in (check.texts, check.measures, check.server, check.adapters):
        part()
    print(f"{check.wrong} wrong")
    return 1 if check.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
