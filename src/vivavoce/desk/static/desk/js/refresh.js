// Fetches what is shown again, through the normal view, and puts it in place: focus, scroll and open menus stay.
const EACH_MS = 60000; // "due in 12 min" grows old without any signal
const CALM_MS = 400; // at most so often, however much happens
const SPREAD_MS = 200; // every screen hears at the same moment; they ask one after another

let running = false;
let again = null;

export function regions() {
  return [...document.querySelectorAll("[data-live]")];
}

export function topics() {
  const named = regions().map((region) => region.dataset.live);
  if (document.querySelector("[data-queue]")) named.push("queue");
  return [...new Set(named)];
}

export async function refresh(heard) {
  if (document.hidden || running) {
    again = [...new Set([...(again ?? []), ...heard])];
    return;
  }
  running = true;
  await new Promise((done) => setTimeout(done, Math.random() * SPREAD_MS));
  try {
    const queue = document.querySelector("[data-queue]");
    if (queue) await refreshQueue(queue);
    else await refreshRegions(heard);
  } catch {
    // No connection: the stream tells when it is back.
  }
  setTimeout(() => {
    running = false;
    const left = again;
    again = null;
    if (left) refresh(left);
  }, CALM_MS);
}

async function fetched(url) {
  const response = await fetch(url, { headers: { "X-Live": "1" }, redirect: "manual" });
  if (!response.ok) throw new Error(response.status);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

async function refreshRegions(heard) {
  const pages = new Map();
  for (const region of regions()) {
    if (heard && !heard.includes(region.dataset.live)) continue;
    // The alarm stands on every page and has its own address: to fetch, say, the page that adds a passkey would begin anew.
    const url = region.dataset.from ?? location.pathname + location.search;
    if (!pages.has(url)) pages.set(url, await fetched(url));
    swap(region, pages.get(url).getElementById(region.id));
  }
}

// A list that somebody reads keeps its rows where they are, and says how many are new; an untouched one moves.
async function refreshQueue(queue) {
  const list = document.getElementById("queue");
  const url = new URL(location.href);
  const busy = queue.matches(":hover") || queue.contains(document.activeElement) || scrollY > 200;
  if (busy && list.children.length) {
    url.searchParams.set("shown", [...list.children].map((row) => row.dataset.person).join(","));
    url.searchParams.set("last", list.dataset.last);
  }
  const page = await fetched(url);
  const fresh = page.getElementById("queue");
  const emptied = !list.children.length !== !fresh.children.length;
  if (emptied && !busy) return location.reload();
  for (const id of ["alarm", "news", "queue", "figures"]) swap(document.getElementById(id), page.getElementById(id));
  if (!busy) list.dataset.last = fresh.dataset.last;
}

function swap(old, fresh) {
  if (!old || !fresh) return;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  morph(old, fresh);
  globalThis.htmx?.process(old);
  if (focused && !focused.isConnected) old.querySelector("a, button, summary")?.focus({ preventScroll: true });
}

// Makes one node like another and changes as little as it can: what stays keeps focus, selection and being read aloud.
function morph(old, fresh) {
  if (old.isEqualNode(fresh) || inUse(old)) return;
  if (old.nodeName !== fresh.nodeName || old.nodeType !== Node.ELEMENT_NODE) return old.replaceWith(fresh);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const wanted = [...fresh.childNodes];
  const ids = new Set(wanted.map((child) => child.id).filter(Boolean));
  for (const child of [...old.children]) if (child.id && !ids.has(child.id)) child.remove();
  const known = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let at = old.firstChild;
  for (const child of wanted) {
    const like = child.id ? known.get(child.id) : at && !at.id && at.nodeName === child.nodeName && at;
    if (!like) {
      old.insertBefore(child, at);
      continue;
    }
    if (like === at) at = at.nextSibling;
    else old.insertBefore(like, at);
    morph(like, child);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function inUse(node) {
  return node.matches?.("details[data-menu][open], input:focus, textarea:focus, select:focus");
}

export function keep() {
  setInterval(() => refresh(topics()), EACH_MS);
  document.addEventListener("visibilitychange", () => !document.hidden && again && refresh(again));
}
