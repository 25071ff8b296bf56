#!/usr/bin/env python3
"""Samples of the kind that WikiText-2 is, for training models that are measured on it.

  wikitext_style.py openings 4000 > openings.jsonl
  sparrow sample MODEL --openings openings.jsonl --temperature 0.8 --output samples.jsonl
  wikitext_style.py layout samples.jsonl > laid-out.jsonl

`openings` makes beginnings of encyclopaedia articles about invented subjects. `layout` parts words and marks
by spaces, writes numbers and hyphens as WikiText does, and rare words as <unk>. Nothing of WikiText is used.
"""
import argparse
import collections
import json
import random
import re

FIRST = """Thomas Anna James Mary Robert Elizabeth Edward Margaret Henry Alice Charles Helen Frederick Clara Walter Ruth Samuel
Dorothy Arthur Grace Daniel Rosa Martin Eleanor Victor Irene Hugo Sofia Carlos Ingrid Pierre Akira Ivan Leila""".split()
LAST = """Ashby Hall Carter Whitfield Moreau Lindqvist Tanaka Okafor Brennan Delgado Fischer Novak Harrington Sinclair Vance
Pemberton Rossi Kowalski Haddad Sorensen Mackenzie Fletcher Abbott Crane Douglas Everett Garland Holloway""".split()
PLACE = """Ashford Bellmare Carrow Dunmore Eastvale Fairhaven Glenrock Hartwell Kingsbridge Lorne Marston Northwick Oakley
Port Selby Ravensworth Stanhope Thornbury Westmere Yarrow Alder Creek Blue Ridge Saint Vincent""".split()
THING = """River Bridge Castle Island Lighthouse Cathedral Railway Station Lake Park Mountain University Library Museum
Church Theatre Airport Canal Forest School""".split()
TITLE = """Silver Broken Hidden Last Golden Silent Burning Distant Winter Midnight Crimson Secret Paper Endless""".split()
NOUN = """Road Garden Heart Empire Mirror Storm Crown Ocean Letter Horizon Shadow Machine Harvest Promise""".split()
KIND = """song album novel film video game television series play poem opera""".split()
CREATURE = """beetle frog orchid warbler fern lizard shark mushroom bat moth""".split()
SHIP = "HMS USS SMS RMS".split()


def opening(pick):
    """The first words of an article."""
    name = f"{pick(FIRST)} {pick(LAST)}"
    place = pick(PLACE)
    year = str(random.randint(1500, 2012))
    work = f"The {pick(TITLE)} {pick(NOUN)}"
    ship = f"{pick(SHIP)} {pick(LAST)} ( {year} )"
    landmark = f"{place} {pick(THING)}"
    creature = f"{pick(TITLE)} {pick(CREATURE)}"
    storm = f"Hurricane {pick(FIRST)} ( {year} )"
    title, start = pick([
        (name, f"{name} ( born {random.randint(1, 28)} June {year} ) is"),
        (name, f"{name} ( {year} – {int(year) + random.randint(30, 80)} ) was"),
        (work, f"{work} is a {year} {pick(KIND)} by"),
        (work, f'" {work} " is a song by {name} ,'),
        (ship, f"{ship} was a"),
        (storm, f"{storm} was"),
        (f"Battle of {place}", f"The Battle of {place} was fought"),
        (landmark, f"{landmark} is"),
        (f"Siege of {place}", f"The Siege of {place} ,"),
        (f"State Route {random.randint(2, 400)}", "The highway runs"),
        (f"{year} {place} season", f"The {year} season was"),
        (creature, f"The {creature.lower()} is a species of"),
        (f"{name} in {year}", f"In {year} , {name}"),
        (work, "The episode was written by"),
        (f"{place} F.C.", f"{place} Football Club is"),
    ])
    return random.choice([
        f" = {title} = \n \n {start}", f" = {title} = \n \n {start}", start,
        f" = = {pick(['History', 'Background', 'Reception', 'Early life', 'Description', 'Legacy'])} = = \n \n",
    ])


def spaced(text):
    """Words and marks of a text parted as WikiText parts them."""
    text = re.sub(r"(\d),(\d)", r"\1 @,@ \2", text)
    text = re.sub(r"(\d)\.(\d)", r"\1 @.@ \2", text)
    text = re.sub(r"(\w)-(\w)", r"\1 @-@ \2", text)
    text = re.sub(r"n't\b", " n't", text)
    text = re.sub(r"'(s|re|ve|ll|d|m)\b", r" '\1", text)
    text = re.sub(r"([.,;:!?])(?=\s|$|[\"')\]])", r" \1", text)
    text = re.sub(r"([\"()\[\]])", r" \1 ", text)
    text = re.sub(r"[*#`_]+", "", text)
    return [line.split() for line in text.split("\n")]


def layout(path):
    """All documents of a file, laid out."""
    with open(path) as file:
        documents = [spaced(json.loads(line)["text"]) for line in file]
    counts = collections.Counter(word for lines in documents for line in lines for word in line)
    least = 3 if sum(counts.values()) > 100_000 else 1
    for lines in documents:
        paragraphs = [
            " " + " ".join(word if counts[word] >= least else "<unk>" for word in line) + " \n"
            for line in lines if line]
        print(json.dumps({"text": " \n" + "".join(paragraphs)}, ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("openings", help="make beginnings of articles")
    made.add_argument("count", type=int)
    made.add_argument("--seed", type=int, default=0)
    laid = commands.add_parser("layout", help="lay a file of samples out")
    laid.add_argument("samples")
    options = parser.parse_args()
    if options.command == "layout":
        layout(options.samples)
        return
    random.seed(options.seed)
    for _ in range(options.count):
        print(json.dumps({"text": opening(random.choice)}, ensure_ascii=False))


main()
