// The answer: counted as people count, kept as it is written, and signed by a passkey when it leaves.
const KEEP_MS = 800;

let leaving = false; // the words are on their way: a draft of them kept now would come back as unsent
let keeping = Promise.resolve();

export function composer(form) {
  if (!form) return;
  const text = form.elements.text;
  restore(form, text);
  count(form, text);
  drafts(form, text);
  let plain = false;
  form.addEventListener("submit", (event) => {
    if (plain) {
      leaving = true;
      return;
    }
    event.preventDefault();
    sign(form);
  });
  form.querySelector("[data-plain]").addEventListener("click", () => (plain = true));
  addEventListener("pageshow", ({ persisted }) => persisted && leaving && location.reload()); // Back shows what became of the words
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(form.querySelector("[data-send]"));
  });
}

function count(form, text) {
  const shown = document.getElementById("count");
  const most = Number(form.dataset.max);
  const segmenter = new Intl.Segmenter(document.documentElement.lang, { granularity: "grapheme" });
  const say = () => {
    let length = 0;
    for (const _part of segmenter.segment(text.value.trim())) length += 1;
    shown.textContent = `${length} / ${most}`;
    shown.toggleAttribute("data-over", length > most);
  };
  text.addEventListener("input", say);
  if (text.value) say();
}

function drafts(form, text) {
  const saved = document.getElementById("saved");
  let timer = null;
  let last = text.value;
  const keep = () => (keeping = keeping.then(write, write));
  const write = async () => {
    clearTimeout(timer);
    if (leaving || text.value === last) return;
    const words = text.value;
    try {
      const response = await post(form, form.dataset.draft, true);
      if (turnedAway(response)) sessionStorage.setItem(place(form), words);
      if (!response.ok) throw new Error(response.status);
      last = words;
      sessionStorage.removeItem(place(form));
      saved.textContent = words ? saved.dataset.saved : "";
    } catch {
      saved.textContent = saved.dataset.failed;
    }
  };
  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, KEEP_MS);
  });
  text.addEventListener("blur", keep);
  addEventListener("pagehide", write); // at once: nothing runs afterwards
}

// Who has been signed out meanwhile signs in again and finds the words in the composer: this tab keeps them until the desk does.
function place(form) {
  return `words:${form.dataset.who}:${form.dataset.draft}`;
}

function turnedAway(response) {
  return response.type === "opaqueredirect" || response.status === 403; // 403: signed in anew in another tab
}

function restore(form, text) {
  const words = sessionStorage.getItem(place(form));
  if (!words) return;
  text.value = words;
  post(form, form.dataset.draft).then(({ ok }) => ok && sessionStorage.removeItem(place(form)), () => {});
}

function post(form, url, keepalive = false) {
  const body = new FormData();
  body.set("text", form.elements.text.value);
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  return fetch(url, { method: "POST", body, keepalive, redirect: "manual" });
}

async function sign(form) {
  const button = form.querySelector("[data-send]");
  if (button.disabled) return; // a second Ctrl+Enter
  leaving = true;
  const problem = document.getElementById("send-problem");
  const label = button.textContent;
  problem.hidden = true;
  button.disabled = true;
  try {
    const response = await post(form, form.dataset.challenge);
    if (turnedAway(response)) {
      sessionStorage.setItem(place(form), form.elements.text.value);
      return location.reload();
    }
    const given = await response.json();
    if (!response.ok) throw new Trouble(given.error);
    if (given.publicKey && navigator.credentials) {
      button.textContent = button.dataset.busy;
      form.elements.assertion.value = JSON.stringify(await assertion(given.publicKey));
      form.elements.nonce.value = given.nonce;
    }
    await keeping;
    form.submit();
  } catch (error) {
    leaving = false;
    const refused = error instanceof DOMException;
    problem.textContent = error instanceof Trouble ? error.message : refused ? problem.dataset.cancelled : problem.dataset.offline;
    problem.hidden = false;
    form.querySelector("[data-plain]").hidden = !refused;
    button.disabled = false;
    button.textContent = label;
    button.focus();
  }
}

class Trouble extends Error {}

async function assertion(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: options.allowCredentials.map((one) => ({ ...one, id: bytes(one.id) })),
  };
  const given = await navigator.credentials.get({ publicKey });
  const { authenticatorData, clientDataJSON, signature, userHandle } = given.response;
  return {
    id: given.id,
    rawId: given.id,
    type: given.type,
    authenticatorAttachment: given.authenticatorAttachment,
    clientExtensionResults: given.getClientExtensionResults(),
    response: {
      authenticatorData: words(authenticatorData),
      clientDataJSON: words(clientDataJSON),
      signature: words(signature),
      userHandle: userHandle ? words(userHandle) : null,
    },
  };
}

function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}

function words(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
