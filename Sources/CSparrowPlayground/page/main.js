// The conversation: what is asked, what is answered, and what keys do.

const talk = byId("talk");
const prompt = byId("prompt");
const send = byId("send");
const map = new ActivityMap(byId("map"), byId("caption"));
let messages = [];
let model = "";
let mapped = "";
let running = null;

const say = (text) => (byId("state").textContent = text);

/** Whether the reader is at the end, where what is written is followed. */
let follows = true;
talk.onscroll = () => {
  follows = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 40;
};

function follow() {
  if (follows) talk.scrollTop = talk.scrollHeight;
}

function append(shown) {
  talk.append(shown);
  follow();
}

function showAsked(text) {
  byId("welcome").hidden = true;
  follows = true;
  append(element("p", "asked text", text));
}

function showWrong(error) {
  const told = element("p", "wrong", error instanceof Refusal ? error.message : String(error));
  told.setAttribute("role", "alert");
  append(told);
}

function request(plan, seed) {
  const system = settings.elements.system.value.trim();
  return {
    model,
    messages: system ? [{ role: "system", content: system }, ...messages] : messages,
    seed,
    ...sampling(),
    stream: true,
    stream_options: { include_usage: true },
    sparrow: { plan, activity: plan === "sparse" && byId("touched").open },
  };
}

/** Both plans write in turn, since each would slow the other. */
async function answer(signal) {
  const both = chosenPlan() === "both";
  const answers = both
    ? [new Answer("sparse", "Sparse"), new Answer("dense", "Dense")]
    : [new Answer(chosenPlan())];
  const box = element("div", both ? "answers two" : "answers");
  box.append(...answers.map((one) => one.box));
  append(box);
  // Both draw alike, so that what differs is the plan.
  const seed = both ? Math.floor(Math.random() * 2 ** 31) : undefined;
  map.clear(answers[0].plan === "sparse" ? mapped : "A dense answer touches everything.");
  const changed = () => {
    const place = both ? parting(answers[0].text, answers[1].text) : undefined;
    for (const one of answers) one.show(place);
    follow();
  };
  for (const one of answers) {
    if (!signal.aborted) {
      await one.write(request(one.plan, seed), signal, changed, (parts) => map.add(parts));
    }
  }
  if (both && !signal.aborted) {
    const [sparse, dense] = answers;
    append(element("p", "verdict", verdict(dense, sparse)));
  }
  return answers;
}

const answersAreEmpty = () =>
  [...talk.lastChild.querySelectorAll(".text")].every((one) => one.textContent === "");

async function submit(text) {
  if (running || !text.trim()) return;
  if (!settings.reportValidity()) return;
  // "New" begins another conversation while this one's answer is still ending.
  const talked = messages;
  talked.push({ role: "user", content: text });
  showAsked(text);
  prompt.value = "";
  running = new AbortController();
  send.textContent = "Stop";
  talk.setAttribute("aria-busy", "true");
  say("The answer is being written.");
  try {
    const answers = await answer(running.signal);
    // After two answers the conversation goes on from the dense one, which the other imitates.
    talked.push({ role: "assistant", content: answers.at(-1).text || answers[0].text });
    if (talked === messages) say(running.signal.aborted ? "Stopped." : "The answer is complete.");
  } catch (error) {
    if (talked === messages) {
      talked.pop();
      if (answersAreEmpty()) talk.lastChild.remove();
      if (!prompt.value) prompt.value = text;
      showWrong(error);
      say("");
    }
  }
  running = null;
  send.textContent = "Send";
  talk.setAttribute("aria-busy", "false");
  remember(messages);
  await learnSparsity().catch(() => {});
}

function begin() {
  running?.abort();
  messages = [];
  for (const shown of [...talk.children].slice(1)) shown.remove();
  byId("welcome").hidden = false;
  map.clear(mapped);
  say("");
  remember(messages);
  prompt.focus();
}

/** Shows a conversation that the browser kept. */
function resume() {
  messages = remembered();
  settings.elements.kept.checked = messages.length > 0;
  for (const { role, content } of messages) {
    if (role === "user") {
      showAsked(content);
    } else {
      const told = new Answer("");
      told.text = content;
      told.show();
      append(told.box);
    }
  }
}

byId("composer").onsubmit = (event) => {
  event.preventDefault();
  if (running) running.abort();
  else submit(prompt.value);
};
prompt.onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit(prompt.value);
};
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && running && !byId("door").open) running.abort();
});
settings.onsubmit = (event) => event.preventDefault();
settings.elements.kept.onchange = () => remember(messages);
byId("fresh").onclick = begin;
for (const button of byId("welcome").querySelectorAll("button")) {
  button.onclick = () => submit(button.textContent);
}
if (matchMedia("(max-width: 60rem)").matches) {
  for (const box of document.querySelectorAll("aside details")) box.open = false;
}

/** Asks what the plan touches, and says what the map can show. */
async function learnSparsity() {
  const sparsity = await (await ask("/v1/sparsity")).json();
  showFacts(sparsity);
  return sparsity;
}

resume();
try {
  model = (await (await ask("/v1/models")).json()).data[0].id;
  byId("model").textContent = model;
  const sparsity = await learnSparsity();
  offerPlans(sparsity.is_sparse);
  const hasLayers = sparsity.parts.some((part) => part.kind !== "head");
  mapped = hasLayers ? "The map fills as a sparse answer is written."
    : sparsity.is_sparse ? "This plan is sparse at the vocabulary alone: no layer to map."
    : "This model runs without a sparse plan.";
  map.clear(mapped);
} catch (error) {
  showWrong(error);
}
