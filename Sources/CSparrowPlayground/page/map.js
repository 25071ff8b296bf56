// The live map: a row for each sparse part of a layer, a column for each range of its groups.

const bins = 64;
const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

class ActivityMap {
  constructor(canvas, caption) {
    this.canvas = canvas;
    this.caption = caption;
    this.clear("The map fills as an answer is written.");
    new ResizeObserver(() => this.draw()).observe(caption);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  clear(told) {
    this.caption.textContent = told;
    this.parts = new Map();
    this.tokens = 0;
    this.draw();
  }

  /** One token's parts: what it touched fades over the tokens that follow. */
  add(parts) {
    if (parts.length === 0) return;
    this.tokens += 1;
    for (const part of parts) {
      const name = `${part.layer} ${part.kind}`;
      let kept = this.parts.get(name);
      if (!kept) {
        kept = { ...part, heat: new Float32Array(bins), shares: 0 };
        this.parts.set(name, kept);
      }
      kept.shares += part.touched / part.groups;
      kept.heat = kept.heat.map((old, i) => {
        const digit = part.bins[Math.floor((i * part.bins.length) / bins)];
        return 0.75 * old + 0.25 * (parseInt(digit, 16) / 15);
      });
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
    const rows = [...this.parts.values()].sort(
      (a, b) => a.layer - b.layer || a.kind.localeCompare(b.kind));
    const height = Math.max(3, Math.min(12, Math.floor(320 / rows.length)));
    this.canvas.hidden = rows.length === 0;
    this.canvas.style.height = `${rows.length * height}px`;
    const scale = devicePixelRatio || 1;
    const width = this.canvas.clientWidth;
    this.canvas.width = width * scale;
    this.canvas.height = rows.length * height * scale;
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    context.fillStyle = getComputedStyle(this.canvas).color;
    rows.forEach(({ heat }, y) => {
      const most = Math.max(0.05, ...heat);
      heat.forEach((value, x) => {
        context.globalAlpha = value / most;
        context.fillRect((x * width) / bins, y * height, width / bins - 0.5, height - 1);
      });
    });
    if (rows.length) this.tell(rows);
  }

  /** The same in words. */
  tell(rows) {
    const share = rows.reduce((sum, part) => sum + part.shares, 0) / rows.length / this.tokens;
    const layers = new Set(rows.map((part) => part.layer)).size;
    const text = `A token touched ${percent(share)} of the groups in ${layers} sparse layers.`;
    this.caption.textContent = `${text} Rows are layers from the first to the last, columns groups.`;
    this.canvas.setAttribute("aria-label", text);
  }
}
