"""Writes what rouge-score and sacrebleu make of texts beside their references.

Usage: python Scripts/make_text_score_fixtures.py

Writes Tests/Fixtures/text-scores.json: sentences of Data/e2e.jsonl, changed at random, and tricky
ones, each with its ROUGE-L F1, its tokens and its BLEU, and BLEU of all together.
Needs: pip install rouge-score==0.1.2 sacrebleu==2.6.0
"""

import json
import pathlib
import random

from rouge_score import rouge_scorer
from sacrebleu.metrics import BLEU

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRICKY = [
    ("", ["a b"]),
    ("a b c d e", ["..."]),
    ("...", ["a . b"]),
    ("The cat sat.", ["the CAT sat"]),
    ("a a a a a", ["a a", "a b a"]),
    ("a b c", ["a b", "a b c d"]),
    ("It cost 1,234.50 in 1999-2000, i.e. $3.5-4.", ["It cost 1,234.50 (in 1999 - 2000)."]),
    ("e-mail,me .5 5. a.b a..b ,,x 3-x x-3 --", ["e - mail , me .5 5 . a.b"]),
    ("&quot;Fish &amp; chips&quot; &lt;£20&gt; &amp;lt;", ['"Fish & chips" <£20> &lt;']),
    ("don't `quote` it's {x} [y] (z) a/b a|b a~b a^b a_b @#%!?", ["don't ` quote ` it 's { x }"]),
    ("café Zürich naïve ÉCOLE İstanbul 東京 タワー", ["cafe Zurich naive école istanbul 東京 タワー"]),
    ("one\u00a0two\u2003three\u3000four\tfive\x1csix\u200bseven", ["one two three four five six seven"]),
    ("hy-\nphen line\nbreak <skipped>gone", ["hyphen line break gone"]),
    ("a b c d e f g h", ["h g f e d c b a", "a x c x e x g x"]),
    ("\u212aelvin 10\u212a", ["kelvin 10K"]),
]


def changed(sentence, draw):
    """The sentence with words left out, doubled, moved or cut off."""
    words = sentence.split()
    for _ in range(draw.randrange(5)):
        place = draw.randrange(len(words))
        match draw.randrange(3):
            case 0 if len(words) > 1:
                del words[place]
            case 1:
                words.insert(draw.randrange(len(words)), words[place])
            case 2:
                words[place] = draw.choice(words)
    return " ".join(words[: draw.randrange(1, len(words) + 1)] if draw.random() < 0.3 else words)


def main():
    draw = random.Random(1)
    cases = list(TRICKY)
    lines = (ROOT / "Data/e2e.jsonl").read_text().splitlines()
    for line in lines[:24]:
        references = [text.strip() for text in json.loads(line)["references"]][:4]
        cases.append((changed(draw.choice(references), draw), references))
    rouge = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    sentence = BLEU(effective_order=False)
    tokenize = sentence.tokenizer

    def bleu(part):
        most = max(len(references) for _, references in part)
        streams = [
            [references[i] if i < len(references) else None for _, references in part]
            for i in range(most)
        ]
        return BLEU().corpus_score([text for text, _ in part], streams).score

    written = [
        {
            "text": text,
            "references": references,
            "tokens": tokenize(text.rstrip()).split(),
            "rouge_l": rouge.score_multi(references, text)["rougeL"].fmeasure,
            "bleu": bleu([(text, references)]),
        }
        for text, references in cases
    ]
    whole = {"bleu": bleu(cases), "bleu_of_tasks": bleu(cases[len(TRICKY) :]), "cases": written}
    path = ROOT / "Tests/Fixtures/text-scores.json"
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    print(f"{path}: {len(written)} texts, BLEU {whole['bleu']:.4f}")


if __name__ == "__main__":
    main()
