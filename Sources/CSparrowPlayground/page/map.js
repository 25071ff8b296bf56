// The live map: a row for each sparse part of the model, a column for each range of its groups. A
// plan that is sparse at the vocabulary alone has a row for each of the last tokens instead.

const bins = 64;
const trail = 40;
const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

class ActivityMap {
  constructor(canvas, caption) {
    this.canvas = canvas;
    this.caption = caption;
    this.clear();
    new ResizeObserver(() => this.draw()).observe(caption);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  clear(told = "The map fills as an answer is written.") {
    this.caption.textContent = told;
    this.parts = new Map();
    this.trail = [];
    this.tokens = 0;
    this.draw();
  }

  /** One token's parts: what it touched fades over the tokens that follow. */
  add(parts) {
    this.tokens += 1;
    for (const part of parts) {
      const name = `${part.layer ?? "head"} ${part.kind}`;
      let kept = this.parts.get(name);
      if (!kept) {
        kept = { ...part, heat: new Float32Array(bins), shares: 0 };
        this.parts.set(name, kept);
      }
      kept.shares += part.touched / part.groups;
      const heat = Float32Array.from({ length: bins }, (_, i) =>
        parseInt(part.bins[Math.floor((i * part.bins.length) / bins)], 16) / 15);
      kept.heat = kept.heat.map((old, i) => 0.75 * old + 0.25 * heat[i]);
      if (part.kind === "head") this.trail = [...this.trail, heat].slice(-trail);
    }
    this.drawSoon();
  }

  /** At most one picture a frame; two a second where motion is unwanted. */
  drawSoon() {
    if (this.waits) return;
    this.waits = true;
    const draw = () => {
      this.waits = false;
      this.draw();
    };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) setTimeout(draw, 500);
    else requestAnimationFrame(draw);
  }

  draw() {
    const parts = [...this.parts.values()].sort(
      (a, b) => (a.layer ?? Infinity) - (b.layer ?? Infinity) || a.kind.localeCompare(b.kind));
    const isTrail = parts.length > 0 && parts.every((part) => part.kind === "head");
    const rows = isTrail ? this.trail : parts.map((part) => part.heat);
    const height = isTrail ? 5 : Math.max(3, Math.min(12, Math.floor(320 / rows.length)));
    this.canvas.hidden = rows.length === 0;
    this.canvas.style.height = `${rows.length * height}px`;
    const scale = devicePixelRatio || 1;
    const width = this.canvas.clientWidth;
    this.canvas.width = width * scale;
    this.canvas.height = rows.length * height * scale;
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    context.fillStyle = getComputedStyle(this.canvas).color;
    rows.forEach((heat, y) => {
      const most = Math.max(0.05, ...heat);
      heat.forEach((value, x) => {
        context.globalAlpha = value / most;
        context.fillRect((x * width) / bins, y * height, width / bins - 0.5, height - 1);
      });
    });
    if (rows.length) this.tell(parts, isTrail);
  }

  /** The same in words. */
  tell(parts, isTrail) {
    const body = parts.filter((part) => part.kind !== "head");
    const head = parts.find((part) => part.kind === "head");
    const told = [];
    if (body.length) {
      const share = body.reduce((sum, part) => sum + part.shares, 0) / body.length / this.tokens;
      const layers = new Set(body.map((part) => part.layer)).size;
      told.push(`${percent(share)} of the groups in ${layers} sparse layers`);
    }
    if (head) {
      const rows = head.groups.toLocaleString("en");
      told.push(`${percent(head.shares / this.tokens)} of the ${rows} rows of the vocabulary`);
    }
    const text = `A token touched ${told.join(" and ")}.`;
    const legend = isTrail
      ? "Each row is a token, the newest last; columns are the vocabulary."
      : "Rows are layers, the vocabulary last; columns are groups.";
    this.caption.textContent = `${text} ${legend}`;
    this.canvas.setAttribute("aria-label", text);
  }
}
