#!/usr/bin/env python3
"""Asks a server for answers by random JSON Schemas, and validates each with PyPI's jsonschema.

    Scripts/check_grammar.py http://127.0.0.1:8080 [--count 1000] [--seed 1] [--parallel 4]
                             [--tokens 400] [--key KEY] [--schemas]

Every answer that ended by itself must parse and satisfy its schema; one that was cut by its length
counts as cut. Then the same prompts are answered with and without a schema, in turn, one at a time,
and the medians of their tokens/s compared. `--schemas` prints the schemas, a line each, and asks
nobody. Exits with 1 where an answer is wrong. Needs jsonschema.
"""
import argparse, json, random, statistics, sys, time, urllib.request
from concurrent.futures import ThreadPoolExecutor

NAMES = ["name", "age", "city", "items", "price", "kind", "notes", "id", "größe", "日付", "a/b",
         "quote\"d", "is_open", "tags", "address", "count", "x", "y"]
PATTERNS = ["^[A-Z][a-z]{2,8}$", "^[0-9]{3}-[0-9]{4}$", "^(red|green|blue)$", "^#[0-9a-f]{6}$",
            "[0-9]+", "^\\S+ \\S+$", "^.{1,12}$", "^[^\"\\\\]{0,10}$", "(one|two)+three"]
FORMATS = ["date", "time", "date-time", "uuid", "email", "ipv4", "hostname", "duration", "ipv6"]
PROMPTS = ["Describe a person who lives in Paris.", "Give me an order of a small shop.",
           "List some colours with their codes.", "What is the weather like today?",
           "Write a record for a library's catalogue.", "Schreibe etwas über einen Fluss.",
           "Give an example.", "Fill in the form."]


def scalar(r):
    """A schema of a value without parts."""
    kind = r.randrange(12)
    if kind == 0:
        return {"type": "boolean"}
    if kind == 1:
        return {"type": "integer"}
    if kind == 2:
        low = r.randrange(-200, 1000)
        return {"type": "integer", "minimum": low, "maximum": low + r.randrange(2000)}
    if kind == 3:
        return {"type": "number", r.choice(["minimum", "exclusiveMinimum"]): r.choice([0, -1.5, 2]),
                r.choice(["maximum", "exclusiveMaximum"]): r.choice([10, 99.95, 2.25])}
    if kind == 4:
        return {"enum": r.sample(["low", "high", "mid\"dle", 1, 2.5, None, True, ["a"], {"b": 1}],
                                 r.randint(1, 5))}
    if kind == 5:
        return {"const": r.choice(["fixed", 7, None, "é\n"])}
    if kind == 6:
        low = r.randrange(4)
        return {"type": "string", "minLength": low, "maxLength": low + r.randrange(1, 20)}
    if kind == 7:
        return {"type": "string", "pattern": r.choice(PATTERNS)}
    if kind == 8:
        return {"type": "string", "format": r.choice(FORMATS)}
    if kind == 9:
        return {"type": ["string", "null"], "maxLength": 30}
    if kind == 10:
        return {"type": "integer", "multipleOf": r.choice([2, 5, 12]), "minimum": 0}
    return {"type": "string", "maxLength": r.choice([8, 40]), "description": "Some text."}


def schema(r, depth=3):
    """A schema, of the parts that are told of in docs/grammar.md."""
    kind = r.randrange(7) if depth > 0 else 0
    if kind < 2:
        return scalar(r)
    if kind == 2:
        least = r.randrange(3)
        return {"type": "array", "items": schema(r, depth - 1), "minItems": least,
                "maxItems": least + r.randrange(4)}
    if kind == 3:
        first = [schema(r, depth - 1) for _ in range(r.randint(1, 3))]
        return {"type": "array", "prefixItems": first, "items": False,
                "minItems": r.randint(0, len(first))}
    if kind == 4:
        return {"anyOf": [schema(r, depth - 1) for _ in range(r.randint(2, 3))]}
    return properties(r, depth)


def properties(r, depth):
    names = r.sample(NAMES, r.randint(1, 5))
    found = {"type": "object", "properties": {name: schema(r, depth - 1) for name in names},
             "required": [name for name in names if r.random() < 0.7],
             "additionalProperties": False}
    if r.random() < 0.1:
        found["additionalProperties"] = {"type": "integer", "minimum": 0, "maximum": 9}
    return found


def document(r):
    """A whole schema: an object mostly, now and then with definitions, merging or variants."""
    kind = r.randrange(8)
    if kind == 0:
        node = properties(r, 1)
        node["properties"]["below"] = {"type": "array", "items": {"$ref": "#/$defs/node"},
                                       "maxItems": 2}
        return {"$defs": {"node": node}, "$ref": "#/$defs/node"}
    if kind == 1:
        parts = [properties(r, 1), properties(r, 1)]
        for part in parts:
            del part["additionalProperties"]
        names = [set(part["properties"]) for part in parts]
        for name in names[0] & names[1]:
            parts[1]["properties"][name] = parts[0]["properties"][name]
        return {"type": "object", "allOf": parts}
    if kind == 2:
        branches = []
        for name in ("circle", "square", "line"):
            branch = properties(r, 1)
            branch["properties"] = {"shape": {"const": name}, **branch["properties"]}
            branch["required"] = ["shape"] + branch["required"]
            branches.append(branch)
        return {"oneOf": branches}
    return properties(r, 3)


def post(base, body, key):
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = "Bearer " + key
    request = urllib.request.Request(
        base + "/v1/chat/completions", json.dumps(body).encode(), headers)
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer), time.perf_counter() - start


def ask(arguments, given, prompt, seed, tokens):
    body = {"messages": [{"role": "user", "content": prompt}], "seed": seed, "max_tokens": tokens,
            "temperature": 1.0}
    if given is not None:
        body["response_format"] = {
            "type": "json_schema", "json_schema": {"name": "answer", "schema": given}}
    return post(arguments.server, body, arguments.key)


def check(arguments, number):
    """One answer: what is wrong with it, or whether it was cut."""
    import jsonschema
    r = random.Random(arguments.seed * 1_000_003 + number)
    given, prompt = document(r), r.choice(PROMPTS)
    answer, _ = ask(arguments, given, prompt, number, arguments.tokens)
    choice = answer["choices"][0]
    text = choice["message"]["content"]
    if choice["finish_reason"] == "length":
        return "cut"
    try:
        jsonschema.Draft202012Validator(
            given, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        ).validate(json.loads(text))
    except (ValueError, jsonschema.ValidationError) as error:
        return f"number {number}: {text!r}: {str(error).splitlines()[0]}\n  {json.dumps(given)}"
    return "right"


def speed(answer, seconds):
    return answer["usage"]["completion_tokens"] / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("server", nargs="?", default="http://127.0.0.1:8080")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=400)
    parser.add_argument("--key")
    parser.add_argument("--schemas", action="store_true")
    arguments = parser.parse_args()
    if arguments.schemas:
        for number in range(arguments.count):
            print(json.dumps(document(random.Random(arguments.seed * 1_000_003 + number))))
        return 0
    with ThreadPoolExecutor(arguments.parallel) as pool:
        found = list(pool.map(lambda number: check(arguments, number), range(arguments.count)))
    wrong = [line for line in found if line not in ("right", "cut")]
    print("\n".join(wrong))
    print(f"{found.count('right')} right, {found.count('cut')} cut, {len(wrong)} wrong")
    # A string without an end takes as many tokens as an answer without a schema.
    long = {"type": "object", "properties": {"text": {"type": "string", "minLength": 2000}},
            "required": ["text"], "additionalProperties": False}
    pairs = []
    for number in range(12):
        pair = [speed(*ask(arguments, given, PROMPTS[number % len(PROMPTS)], number, 128))
                for given in (None, long)]
        pairs.append(pair)
    free, held = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    print(f"tokens/s without a schema {free:.1f}, with one {held:.1f}: {held / free:.3f}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
