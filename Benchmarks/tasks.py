#!/usr/bin/env python3
"""Turns public task sets into the lines that `sparrow evaluate` and `sparrow train lte` take.

    Benchmarks/tasks.py SET FILE [--shots N --examples FILE] [--limit N] [--chat] > tasks.jsonl

SET is boolq, piqa, commonsenseqa, arc, openbookqa, gsm8k or e2e; FILE is .jsonl, .csv or either as
.xz, with the fields that the functions below read: those of the sets' copies in harnesses. Prompts are those of the paper's tables: a question, then the answer's first words.
--shots puts so many answered questions before each one, the first ones of --examples. --limit takes
questions at even distances. --chat writes conversations, {"messages": [...]}, for training.

Data/e2e.jsonl was made so: Benchmarks/tasks.py e2e e2e-dev.csv --shots 3 --limit 80, of the E2E
set's development part (CC BY-SA 4.0); --shots without --examples takes the file's own first ones, and
leaves them out.
"""

import argparse
import csv
import io
import json
import lzma
import pathlib


def lines(path):
    """The objects of a file; of a table one for each row."""
    data = path.read_bytes()
    text = (lzma.decompress(data) if path.suffix == ".xz" else data).decode()
    if ".csv" in path.suffixes:
        return list(csv.DictReader(io.StringIO(text)))
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def choice(prompt, choices, answer):
    return {"prompt": prompt, "choices": [" " + text.strip() for text in choices], "answer": answer}


def boolq(row):
    if "query" in row:
        return choice(row["query"].replace("\n A. yes\n B. no", ""), ["no", "yes"], 1 - int(row["gold"]))
    text = f"{row['passage']}\nQuestion: {row['question']}?\nAnswer:"
    return choice(text, ["no", "yes"], int(row["answer"]))


def piqa(row):
    return choice(
        f"Question: {row['goal'].strip()}\nAnswer:", [row["sol1"], row["sol2"]], int(row["label"]))


def commonsenseqa(row):
    return choice(row["query"], row["choices"], int(row["gold"]))


def arc(row):
    labels = row["choices"]["label"]
    question = row.get("question") or row["question_stem"]
    return choice(
        f"Question: {question}\nAnswer:", row["choices"]["text"], labels.index(row["answerKey"]))


def gsm8k(row):
    # The calculator's notes are no words.
    answer = row["answer"]
    while "<<" in answer:
        answer = answer[: answer.index("<<")] + answer[answer.index(">>") + 2 :]
    prompt = f"Question: {row['question']}\nAnswer:"
    return {"prompt": prompt, "answers": [" " + answer], "after": "####", "stop": ["\nQuestion:"]}


def e2e(rows):
    """A task for each meaning, with all of its sentences."""
    meanings = {}
    for row in rows:
        meanings.setdefault(row["mr"], []).append(" " + row["ref"].strip())
    return [
        {"prompt": f"Facts: {meaning}\nText:", "references": texts, "stop": ["\n"]}
        for meaning, texts in meanings.items()
    ]


SETS = {
    "boolq": boolq, "piqa": piqa, "commonsenseqa": commonsenseqa, "arc": arc, "openbookqa": arc,
    "gsm8k": gsm8k,
}


def read(name, path):
    rows = lines(path)
    return e2e(rows) if name == "e2e" else [SETS[name](row) for row in rows]


def right(item):
    """The text that answers a task."""
    if "choices" in item:
        return item["choices"][item["answer"]]
    return (item.get("answers") or item["references"])[0]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=[*SETS, "e2e"])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--shots", type=int, default=0)
    parser.add_argument("--examples", type=pathlib.Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--chat", action="store_true")
    options = parser.parse_args()
    items = read(options.set, options.file)
    if options.examples:
        examples = read(options.set, options.examples)[: options.shots]
    else:
        examples, items = items[: options.shots], items[options.shots :]
    count = len(items) if options.limit is None else min(options.limit, len(items))
    before = "".join(item["prompt"] + right(item) + "\n\n" for item in examples)
    for item in (items[len(items) * index // count] for index in range(count)):
        item["prompt"] = before + item["prompt"]
        if options.chat:
            words = (("user", item["prompt"]), ("assistant", right(item).strip()))
            item = {"messages": [{"role": role, "content": text} for role, text in words]}
        print(json.dumps(item, ensure_ascii=False))


if __name__ == "__main__":
    main()
