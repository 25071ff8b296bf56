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

/** Says in the map's box what the model's plan costs; without one there is only dense. */
function showSparsity(facts) {
  const parts = facts?.parts ?? [];
  const isSparse = parts.length > 0;
  for (const choice of byId("composer").elements.plan) {
    choice.disabled = !isSparse && choice.value !== "dense";
    choice.checked = choice.value === (isSparse ? "sparse" : "dense");
  }
  byId("plans").hidden = !isSparse;
  if (!isSparse) byId("caption").textContent = "This model runs without a sparse plan.";
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
