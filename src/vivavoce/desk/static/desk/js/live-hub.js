// One stream of signals for all that listen here: the tabs of a browser, each with its topics.
const RETRY_MS = 30000; // the server refused: signed out, or too many streams
const GATHER_MS = 50; // tabs that join together open one stream

export class Hub {
  constructor(url, tell) {
    this.url = url;
    this.tell = tell; // (tab, message) => void
    this.tabs = new Map();
    this.source = null;
    this.open = this.open.bind(this);
  }

  join(tab, topics) {
    this.tabs.set(tab, { topics, greeted: false });
    this.later();
  }

  leave(tab) {
    if (this.tabs.delete(tab)) this.later();
  }

  later(delay = GATHER_MS) {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.open, delay);
  }

  open() {
    const before = this.source;
    if (!this.tabs.size) return before?.close();
    const topics = [...new Set([...this.tabs.values()].flatMap((tab) => tab.topics))].sort();
    const source = new EventSource(`${this.url}?topics=${encodeURIComponent(topics.join(","))}`);
    let lost = false;
    this.source = source;
    source.addEventListener("hello", () => {
      before?.close(); // only now, so that nothing is missed between the two
      for (const [tab, known] of this.tabs) {
        if (lost || !known.greeted) this.tell(tab, { topics: known.topics });
        known.greeted = true;
      }
      lost = false;
    });
    source.addEventListener("changed", (event) => {
      const changed = JSON.parse(event.data);
      for (const [tab, known] of this.tabs) {
        const topics = known.topics.filter((topic) => changed.includes(topic));
        if (topics.length) this.tell(tab, { topics });
      }
    });
    source.addEventListener("error", () => {
      lost = true;
      if (source.readyState === EventSource.CLOSED && source === this.source) this.later(RETRY_MS);
    });
  }
}
