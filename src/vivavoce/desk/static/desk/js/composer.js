// The answer: counted as people count, kept as it is written, and signed by a passkey when it leaves.
const KEEP_MS = 800;

export function composer(form) {
  if (!form) return;
  const text = form.elements.text;
  count(form, text);
  drafts(form, text);
  let plain = false;
  form.addEventListener("submit", (event) => {
    if (plain || form.elements.assertion.value) return;
    event.preventDefault();
    sign(form);
  });
  form.querySelector("[data-plain]").addEventListener("click", () => (plain = true));
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
  const keep = async () => {
    clearTimeout(timer);
    if (text.value === last) return;
    const words = text.value;
    try {
      const response = await post(form, form.dataset.draft, true);
      if (!response.ok) throw new Error(response.status);
      last = words;
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
  addEventListener("pagehide", keep);
  form.addEventListener("submit", () => clearTimeout(timer));
}

function post(form, url, keepalive = false) {
  const body = new FormData();
  body.set("text", form.elements.text.value);
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  return fetch(url, { method: "POST", body, keepalive });
}

async function sign(form) {
  const button = form.querySelector("[data-send]");
  const problem = document.getElementById("send-problem");
  const label = button.textContent;
  problem.hidden = true;
  button.disabled = true;
  try {
    const response = await post(form, form.dataset.challenge);
    const given = await response.json();
    if (!response.ok) throw new Trouble(given.error);
    if (given.publicKey && navigator.credentials) {
      button.textContent = button.dataset.busy;
      form.elements.assertion.value = JSON.stringify(await assertion(given.publicKey));
      form.elements.nonce.value = given.nonce;
    }
    form.submit();
  } catch (error) {
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
