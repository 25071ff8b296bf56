// Sampling, the plan, and what the browser may keep.

const settings = byId("settings");
const stored = "sparrow conversation";

/** The fields that have a value, as the server names them. */
function sampling() {
  const chosen = {};
  for (const field of settings.querySelectorAll("input[type=number]")) {
    if (field.value.trim() !== "") chosen[field.name] = field.valueAsNumber;
  }
  return chosen;
}

const chosenPlan = () => byId("composer").elements.plan.value;

/** Without a sparse plan there is only dense. */
function offerPlans(isSparse) {
  for (const choice of byId("composer").elements.plan) {
    choice.disabled = !isSparse && choice.value !== "dense";
    choice.checked = choice.value === (isSparse ? "sparse" : "dense");
  }
  byId("plans").hidden = !isSparse;
}

/** What the model's plan touches now, as a list of names and figures. */
function showFacts(sparsity) {
  const shown = [];
  for (const name of ["networks", "attention"]) {
    const layers = sparsity.density[name];
    const mean = layers.reduce((sum, one) => sum + one.density, 0) / layers.length;
    if (layers.length) shown.push([`${layers.length} layers' ${name}`, percent(mean)]);
  }
  const head = sparsity.parts.find((part) => part.kind === "head");
  const rows = sparsity.density.head_rows;
  if (head && rows) shown.push(["Rows of the vocabulary", percent(rows / head.groups)]);
  const [read, dense] = [sparsity.bytes_per_token, sparsity.dense_bytes_per_token];
  const megabytes = (bytes) => (bytes / 1e6).toFixed(0);
  if (dense) shown.push(["Read for a token", `${megabytes(read)} of ${megabytes(dense)} MB`]);
  const pairs = shown.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)]);
  byId("facts").replaceChildren(...pairs);
}

function remember(messages) {
  try {
    if (settings.elements.kept.checked) localStorage.setItem(stored, JSON.stringify(messages));
    else localStorage.removeItem(stored);
  } catch {
    // The browser keeps nothing: so be it.
  }
}

function remembered() {
  try {
    const messages = JSON.parse(localStorage.getItem(stored));
    return Array.isArray(messages) ? messages : [];
  } catch {
    return [];
  }
}
