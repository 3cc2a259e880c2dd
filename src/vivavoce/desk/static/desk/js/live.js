// Hears what changed, over one stream a browser: a SharedWorker, or else a leading tab that tells the others.
import { Hub } from "./live-hub.js";

export function listen({ url, worker, topics, heard }) {
  if (!topics.length) return;
  if (typeof SharedWorker === "function") return byWorker(url, worker, topics, heard);
  if (navigator.locks && typeof BroadcastChannel === "function") return byLeader(url, topics, heard);
  const hub = new Hub(url, (_tab, message) => heard(message.topics));
  hub.join("only", topics);
}

function byWorker(url, worker, topics, heard) {
  const { port } = new SharedWorker(worker, { type: "module", name: "vivavoce" });
  port.addEventListener("message", ({ data }) => heard(data.topics));
  port.start();
  const join = () => port.postMessage({ url, topics });
  join();
  addEventListener("pagehide", () => port.postMessage({ url }));
  addEventListener("pageshow", (event) => event.persisted && join());
}

function byLeader(url, topics, heard) {
  const me = crypto.randomUUID();
  const channel = new BroadcastChannel("vivavoce");
  const join = () => channel.postMessage({ join: me, topics });
  channel.addEventListener("message", ({ data }) => {
    if (data.to === me) heard(data.topics);
    if (data.lead) join();
  });
  addEventListener("pagehide", () => channel.postMessage({ leave: me }));
  join();
  navigator.locks.request("vivavoce-live", () => new Promise(() => {
    const hub = new Hub(url, (tab, message) => (tab === me ? heard(message.topics) : channel.postMessage({ to: tab, ...message })));
    channel.addEventListener("message", ({ data }) => {
      if (data.join) hub.join(data.join, data.topics);
      if (data.leave) hub.leave(data.leave);
    });
    hub.join(me, topics);
    channel.postMessage({ lead: me });
  }));
}
