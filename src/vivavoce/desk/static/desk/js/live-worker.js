// The SharedWorker that holds the one stream of a browser.
import { Hub } from "./live-hub.js";

let hub = null;
self.addEventListener("connect", ({ ports: [port] }) => {
  port.addEventListener("message", ({ data }) => {
    hub ??= new Hub(data.url, (tab, message) => tab.postMessage(message));
    if (data.topics) hub.join(port, data.topics);
    else hub.leave(port);
  });
  port.start();
});
