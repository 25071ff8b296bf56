// One answer: its column, its stream, its figures.

/** Makes an element; text is only ever set as text. */
function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const decimals = (number) => number.toFixed(number < 10 ? 1 : 0);

class Answer {
  constructor(plan, title) {
    this.plan = plan;
    this.text = "";
    this.tokens = 0;
    this.box = element("article", "answer");
    if (title) this.box.append(element("h3", "", title));
    this.body = element("div", "text");
    this.figures = element("p");
    const copy = element("button", "small", "Copy");
    copy.type = "button";
    copy.setAttribute("aria-label", "Copy the answer");
    copy.onclick = () => copyText(this.text, copy);
    this.foot = element("div", "foot");
    this.foot.hidden = true;
    this.foot.append(this.figures, copy);
    this.box.append(this.body, this.foot);
  }

  /** Streams an answer; `changed` is called after each piece, `touched` with what a token touched. */
  async write(request, signal, changed, touched) {
    this.box.classList.add("writing");
    const start = performance.now();
    try {
      const response = await ask("/v1/chat/completions", request, signal);
      for await (const event of events(response)) {
        signal.throwIfAborted();
        const piece = event.choices?.[0]?.delta?.content ?? "";
        const now = performance.now();
        if (piece) {
          this.first ??= now - start;
          this.text += piece;
        }
        const activity = event.sparrow?.activity ?? [];
        this.tokens += activity.length || (piece ? 1 : 0);
        if (piece) this.last = now - start;
        for (const token of activity) touched(token.parts);
        if (event.usage) this.use(event.usage);
        changed(this);
        this.tell();
      }
    } catch (error) {
      if (error.name !== "AbortError") throw error;
      this.isStopped = true;
    } finally {
      this.box.classList.remove("writing");
      this.tell();
    }
  }

  /** Tokens as the server counted them. */
  use(usage) {
    this.tokens = usage.completion_tokens;
    this.prompt = usage.prompt_tokens;
    this.cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  }

  /** Tokens a second after the first one; undefined while there are too few. */
  get speed() {
    const seconds = (this.last - this.first) / 1000;
    return this.tokens > 1 && seconds > 0 ? (this.tokens - 1) / seconds : undefined;
  }

  tell() {
    const parts = [];
    const bold = (number, unit) => parts.push([element("b", "", number), ` ${unit}`]);
    if (this.speed) bold(decimals(this.speed), "tokens/s");
    if (this.first !== undefined) bold(decimals(this.first), "ms to the first");
    if (this.tokens) bold(this.tokens, this.tokens === 1 ? "token" : "tokens");
    if (this.cached) bold(this.cached, `of ${this.prompt} prompt tokens cached`);
    if (this.isStopped) parts.push(["stopped"]);
    this.figures.replaceChildren(...parts.flatMap((part, i) => (i ? [" · ", ...part] : part)));
    this.foot.hidden = parts.length === 0;
  }

  /** Shows the text, and marks the word at `place`, where it parts from another's. */
  show(place = this.text.length) {
    const word = /^\s*\S*/.exec(this.text.slice(place))[0];
    const mark = word ? [element("mark", "", word)] : [];
    this.body.replaceChildren(
      this.text.slice(0, place), ...mark, this.text.slice(place + word.length));
  }
}

async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
  }
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

/** Where two texts part; undefined while one is the other's beginning. */
function parting(a, b) {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    if (a[i] !== b[i]) return i;
  }
}

/** What comparing two ended answers says, in a sentence or two. */
function verdict(dense, sparse) {
  const place = parting(dense.text, sparse.text);
  const told = [];
  if (dense.speed && sparse.speed) {
    told.push(`Sparse wrote ${(sparse.speed / dense.speed).toFixed(2)} times as fast.`);
  }
  if (place !== undefined) {
    const words = dense.text.slice(0, place).trimEnd().slice(-24);
    told.push(words ? `The texts part after “…${words}”.` : "The texts part at once.");
  } else if (dense.text === sparse.text) {
    told.push("Both wrote the same text.");
  } else {
    told.push("One text is the other's beginning.");
  }
  told.push("The conversation goes on from the dense answer.");
  return told.join(" ");
}
