// What the page asks of the server. Every refusal becomes a sentence for people.

const byId = (id) => document.getElementById(id);
let key = "";

class Refusal extends Error {}

/** Waits until the visitor has given a key. */
function askForKey() {
  byId("refused").hidden = key === "";
  const door = byId("door");
  if (!door.open) door.showModal();
  return new Promise((resolve) => {
    door.onclose = () => {
      key = byId("key").value.trim();
      byId("prompt").focus();
      resolve();
    };
  });
}

async function sentence(response) {
  let told = "";
  try {
    told = (await response.json()).error.message;
  } catch {
    // A proxy's page, perhaps: the status says enough.
  }
  if (response.status === 429) {
    const wait = response.headers.get("Retry-After");
    return `The server is busy. Try again ${wait ? `in ${wait} s` : "soon"}.`;
  }
  return told || `The server answered with status ${response.status}.`;
}

/** Sends a request, with the key where one is needed, until it is let in. */
async function ask(path, body, signal) {
  for (;;) {
    const headers = body ? { "Content-Type": "application/json" } : {};
    if (key) headers.Authorization = `Bearer ${key}`;
    let response;
    try {
      response = await fetch(path, {
        method: body ? "POST" : "GET",
        headers,
        body: body && JSON.stringify(body),
        signal,
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refusal("The server cannot be reached. Does it still run?");
    }
    if (response.ok) return response;
    if (response.status !== 401) throw new Refusal(await sentence(response));
    await askForKey();
  }
}

/** The JSON of a stream's server-sent events, one by one. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    let read;
    try {
      read = await reader.read();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refusal("The connection was lost before the answer ended.");
    }
    if (read.done) return;
    const lines = (rest + read.value).split(/\r?\n/);
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const data = line.slice(5).trim();
      if (data === "[DONE]") return;
      const event = JSON.parse(data);
      if (event.error) throw new Refusal(event.error.message);
      yield event;
    }
  }
}
