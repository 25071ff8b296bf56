#!/usr/bin/env python3
"""Uses the playground in headless Chromium, and keeps pictures of it.

    sparrow serve MODEL --adapter ADAPTER --port 8080 &
    Scripts/check_playground.py http://127.0.0.1:8080 --pictures /tmp/playground

Needs Debian's `chromium` and Python 3.9 alone. Right is: answers stream and can be stopped, two
plans stand side by side, every control has a name and shows its focus, nothing is wider than a
phone, text never becomes markup, and the console stays silent. Exits with 1 where something is not
so. With --key the server must ask for that key.
"""
import argparse
import json
import sys
from pathlib import Path

from chromium import SHIFT, Chromium

DONE = "document.getElementById('send').textContent === 'Send'"
TEXT = "[...document.querySelectorAll('.answer .text')].at(-1)?.textContent ?? ''"
FIGURES = "[...document.querySelectorAll('.foot p')].at(-1)?.textContent ?? ''"
FOCUSED = """(() => {
  const e = document.activeElement;
  const ring = [e, e.closest('label')].filter(Boolean).map((x) => getComputedStyle(x).outlineStyle);
  return [e.id || e.name || e.textContent.trim(), e.tagName, ring.some((s) => s !== 'none')];
})()"""
UNBOUND = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
# Contrast of every text's colour with what lies behind it (WCAG 2.2, 1.4.3).
CONTRAST = """(() => {
  const light = (c) => {
    const [r, g, b] = c.match(/[\\d.]+/g).map((x) => x / 255)
      .map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$/.test(c)) return c;
    }
  };
  const poor = [];
  for (const e of document.body.querySelectorAll('*')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !e.checkVisibility() || e.closest('dialog:not([open]), script')) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${e.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
})()"""


class Check:
    def __init__(self, page, folder):
        self.page, self.folder, self.failed, self.passed = page, folder, [], []

    def that(self, name, holds, detail=""):
        (self.passed if holds else self.failed).append(name)
        print(f"{'ok  ' if holds else 'FAIL'} {name}{'' if holds else f': {detail}'}", flush=True)

    def picture(self, name):
        self.page.picture(self.folder / f"{name}.png")

    def ask(self, text):
        self.page.run("document.getElementById('prompt').focus()")
        self.page.type(text)
        self.page.press("Enter")

    def choose(self, plan):
        self.page.run(f"document.querySelector('[value={plan}]').click()")


def let_in(check, key):
    page = check.page
    page.wait("document.getElementById('door').open")
    check.picture("key")
    for given in ("wrong", key):
        page.run("document.getElementById('key').select()")
        page.type(given)
        page.press("Enter")
        if given == "wrong":
            page.wait("document.getElementById('door').open && "
                      "!document.getElementById('refused').hidden")
    # What the browser itself notes of a 401.
    page.wrong = [line for line in page.wrong if "401" not in line]


def start(check):
    page = check.page
    check.that("the model's name is shown", page.wait("document.getElementById('model').textContent"))
    check.that("the message has the focus at first",
               page.run("document.activeElement.id") == "prompt")
    check.picture("start")


def one_answer(check):
    page = check.page
    check.ask("Why is the sky blue?")
    page.wait(f"({TEXT}).length > 40")
    check.picture("writing")
    page.wait(DONE)
    figures = page.run(FIGURES)
    check.that("an answer streams to its end with its speed", "tokens/s" in figures, figures)
    check.that("and with its time to the first token", "ms to the first" in figures, figures)
    check.picture("answer")


def new_line(check):
    check.page.run("document.getElementById('prompt').focus()")
    check.page.type("a")
    check.page.press("Enter", SHIFT)
    check.page.type("b")
    value = check.page.run("document.getElementById('prompt').value")
    check.that("Shift+Enter starts a line", value == "a\nb", value)
    check.page.run("document.getElementById('prompt').value = ''")


def stop(check):
    page = check.page
    page.run("settings.elements.max_tokens.value = 2000")
    before = page.run("document.querySelectorAll('.answer').length")
    check.ask("Write a very long story about a sparrow, in twenty chapters.")
    page.wait(f"document.querySelectorAll('.answer').length > {before} && ({TEXT}).length > 20")
    page.press("Escape")
    page.wait(DONE, 5)
    figures = page.run(FIGURES)
    check.that("Escape stops, and what was written stays",
               "stopped" in figures and len(page.run(TEXT)) > 20, figures)
    page.run("settings.elements.max_tokens.value = 96")


def begin_anew(check):
    page = check.page
    page.run("settings.elements.max_tokens.value = 2000")
    page.run("settings.elements.kept.click()")
    check.ask("Write a very long story about a sparrow, in twenty chapters.")
    page.wait("document.getElementById('send').textContent === 'Stop'")
    page.wait(f"({TEXT}).length > 20")
    page.run("document.getElementById('fresh').click()")
    page.wait(DONE, 5)
    shown, state, kept = page.run(
        "[[...talk.children].filter((e) => e.checkVisibility()).map((e) => e.id), "
        "document.getElementById('state').textContent, "
        "localStorage.getItem('sparrow conversation')]")
    check.that("New stops an answer and leaves a clean page", shown == ["welcome"] and not state,
               [shown, state])
    check.that("and nothing of it in the next conversation", kept == "[]", kept)
    running = ("fetch('/metrics').then((r) => r.text())"
               ".then((t) => t.includes('\\nsparrow_requests_running 0\\n'))")
    check.that("and the server writes no more of it", page.wait(running, 5))
    check.picture("anew")
    page.run("settings.elements.kept.click()")
    page.run("settings.elements.max_tokens.value = 96")


def markup(check):
    text = "Repeat: <img src=x onerror=alert(1)><b>bold</b>"
    check.ask(text)
    check.page.wait(DONE)
    asked = check.page.run("[...document.querySelectorAll('.asked')].at(-1).textContent")
    made = check.page.run("document.querySelectorAll('#talk img, .text b').length")
    check.that("text never becomes markup", asked == text and made == 0, f"{asked}, {made}")


def side_by_side(check):
    page = check.page
    if page.run("document.getElementById('plans').hidden"):
        print("skip side by side, the map: this model has no sparse plan")
        return
    check.choose("both")
    check.ask("Tell a short story about a sparrow.")
    page.wait("document.querySelectorAll('.two').length && " + DONE)
    told = page.run("document.querySelector('.verdict')?.textContent ?? ''")
    check.that("two answers stand side by side with their speeds", "times as fast" in told, told)
    check.that("and where their texts part is said", "text" in told, told)
    columns = page.run("[...document.querySelectorAll('.two .answer')]"
                       ".map((e) => e.getBoundingClientRect().top)")
    check.that("in two columns", len(columns) == 2 and columns[0] == columns[1], columns)
    check.picture("side-by-side")
    facts = page.run("document.getElementById('facts').textContent")
    check.that("what the plan reads for a token is told", "MB" in facts, facts)
    caption = page.run("document.getElementById('caption').textContent")
    if "vocabulary alone" in caption:
        print("skip the map: only the vocabulary is sparse")
        return
    check.that("the map says what a token touched", "A token touched" in caption, caption)
    drawn = page.run("(() => { const c = document.getElementById('map'); return c.height > 0 && "
                     "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((x) => x) "
                     "})()")
    check.that("and is drawn", drawn)


def keyboard(check):
    page = check.page
    page.run("document.activeElement.blur()")
    seen, dull = [], []
    for _ in range(40):
        page.press("Tab")
        name, tag, has_ring = page.run(FOCUSED)
        if seen and name == seen[0]:
            break
        if tag == "BODY":
            continue
        seen.append(name)
        if not has_ring:
            dull.append(name)
    wanted = {"fresh", "temperature", "seed", "system", "kept", "plan", "prompt", "send", "talk"}
    if page.run("document.getElementById('plans').hidden"):
        wanted.remove("plan")
    check.that("Tab reaches every control", wanted <= set(seen), wanted - set(seen))
    check.that("focus is always seen", not dull, dull)
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = ("button", "textbox", "spinbutton", "checkbox", "radio", "image", "log")
    nameless = [n["role"]["value"] for n in nodes if not n.get("ignored")
                and n.get("role", {}).get("value") in roles and not n.get("name", {}).get("value")]
    check.that("every control has a name", not nameless, nameless)


def looks(check):
    page = check.page
    for scheme in ("light", "dark"):
        page.media(prefers_color_scheme=scheme)
        check.picture(f"wide-{scheme}")
        poor = page.run(CONTRAST)
        check.that(f"text stands out by 4.5 to 1 ({scheme})", not poor, poor)
    page.size(390, 844, 2, is_phone=True)
    for scheme in ("light", "dark"):
        page.media(prefers_color_scheme=scheme)
        check.picture(f"phone-{scheme}")
    page.media()
    width = page.run("document.documentElement.scrollWidth")
    check.that("nothing is wider than a phone", width <= 390, width)
    page.media(prefers_reduced_motion="reduce")
    moves = page.run("document.querySelector('.answer').classList.add('writing') || "
                     "getComputedStyle(document.querySelector('.answer .text'), '::after')"
                     ".animationName")
    check.that("nothing moves where motion is unwanted", moves == "none", moves)
    page.media()
    page.run("document.querySelector('.answer').classList.remove('writing')")


def phone(check, address):
    page = check.page
    page.open(address)
    page.wait("document.getElementById('model').textContent")
    check.that("a phone begins with its boxes closed",
               page.run("document.querySelectorAll('aside details[open]').length") == 0)
    check.picture("phone-start")
    check.ask("Why is the sky blue?")
    page.wait(f"({TEXT}).length > 20 && " + DONE)
    check.picture("phone-answer")
    page.run("document.getElementById('touched').open = true")
    check.picture("phone-map")
    page.size(1280, 800)


def lost(check):
    page = check.page
    page.call("Network.emulateNetworkConditions", offline=True, **UNBOUND)
    check.ask("Is anybody there?")
    page.wait("document.querySelector('.wrong[role=alert]:not(#refused)') !== null")
    told = page.run("document.querySelector('.wrong[role=alert]:not(#refused)').textContent")
    check.that("a lost server is told in a sentence", "cannot be reached" in told, told)
    check.picture("lost")
    page.wrong = [line for line in page.wrong if "ERR_INTERNET" not in line]
    page.call("Network.emulateNetworkConditions", offline=False, **UNBOUND)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--pictures", default="playground-pictures", metavar="FOLDER")
    parser.add_argument("--key", help="the key that the server asks for")
    parser.add_argument("--chromium", default="chromium", metavar="PROGRAM")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON at the end")
    o = parser.parse_args()
    folder = Path(o.pictures)
    folder.mkdir(parents=True, exist_ok=True)
    with Chromium(o.chromium) as page:
        check = Check(page, folder)
        page.size(1280, 800)
        page.open(o.address)
        if o.key:
            let_in(check, o.key)
        for step in (start, one_answer, new_line, stop, begin_anew, markup, side_by_side, keyboard, looks):
            step(check)
        if not o.key:
            phone(check, o.address)
        lost(check)
        check.that("the console stays silent", not page.wrong, page.wrong)
    if o.json:
        print(json.dumps({"passed": check.passed, "failed": check.failed}, indent=1))
    sys.exit(bool(check.failed))


if __name__ == "__main__":
    main()
