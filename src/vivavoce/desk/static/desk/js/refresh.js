// Fetches what is shown again, through the normal view, and puts it in place: focus, scroll and open menus stay.
const EACH_MS = 60000; // "due in 12 min" grows old without any signal
const CALM_MS = 400; // at most so often, however much happens

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
  if (!old || !fresh || old.isEqualNode(fresh)) return;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const children = [...fresh.children].map((child) => {
    const known = child.id && old.querySelector(`:scope > #${CSS.escape(child.id)}`);
    return known && (known.isEqualNode(child) || inUse(known)) ? known : child;
  });
  if (!fresh.children.length && fresh.childNodes.length) old.replaceChildren(...fresh.childNodes);
  else place(old, children);
  globalThis.htmx?.process(old);
  if (focused && !focused.isConnected) focusAgain(old, focused);
}

// Moves as little as it can: a node that stays where it is keeps focus and selection.
function place(parent, children) {
  for (const child of [...parent.childNodes]) if (!children.includes(child)) child.remove();
  children.forEach((child, at) => parent.children[at] !== child && parent.insertBefore(child, parent.children[at] ?? null));
}

function inUse(node) {
  return node.querySelector("details[data-menu][open]") || (node.contains(document.activeElement) && node !== document.activeElement && document.activeElement.matches("input, textarea, select"));
}

function focusAgain(region, lost) {
  const row = lost.closest("[id]");
  const home = row && document.getElementById(row.id);
  const same = home && (lost === row ? home : [...home.querySelectorAll(lost.tagName)].find((node) => node.textContent === lost.textContent));
  (same ?? home)?.focus({ preventScroll: true });
}

export function keep() {
  setInterval(() => refresh(topics()), EACH_MS);
  document.addEventListener("visibilitychange", () => !document.hidden && again && refresh(again));
}
