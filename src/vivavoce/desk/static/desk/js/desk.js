// What a page of the desk does by itself; each form works without it.
import { composer } from "./composer.js";
import { listen } from "./live.js";
import { menus } from "./menus.js";
import { keep, refresh, topics } from "./refresh.js";

const { liveUrl, worker } = document.querySelector("script[data-live-url]").dataset;

menus();
composer(document.querySelector("[data-composer]"));
listen({ url: new URL(liveUrl, location.href).href, worker, topics: topics(), heard: refresh });
keep();

// A correction's answer takes the place of the whole reading: focus goes back to the label.
document.addEventListener("htmx:afterSwap", () => document.querySelector("summary[autofocus]")?.focus());
