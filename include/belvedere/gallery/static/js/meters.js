// The words around the wall: how many, how fresh, how much waits, which filters hold.
import { Freshness } from "./freshness.js";
import { span } from "./words.js";

const SETTLE_MS = 1500;
const EVERY_MS = 30000;
const element = (id) => document.getElementById(id);

export class Meters {
  constructor(root) {
    this.root = root;
    this.level = "wait";
    this.timer = 0;
    this.freshness = new Freshness(element("live"), () => this.showLevel(this.level));
    setInterval(() => document.hidden || this.refresh(), EVERY_MS);
  }

  async refresh() {
    const response = await fetch(`${this.root}/api/stats`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (response?.ok) this.showStats(await response.json());
  }

  // Something changed: read the numbers again soon, at most once in a while.
  changed() {
    this.timer ||= setTimeout(() => {
      this.timer = 0;
      this.refresh();
    }, SETTLE_MS);
  }

  showStats(stats) {
    this.stats = stats;
    const failed = (stats.states.failed ?? 0) + (stats.states.dead ?? 0);
    say("queue", `Queue ${stats.queue.toLocaleString("en")}`, stats.queue > 0 ? "busy" : "calm");
    say("failed", `Failed ${failed.toLocaleString("en")}`, failed > 0 ? "bad" : "calm");
    this.showLevel(this.level);
  }

  showLevel(level) {
    this.level = level;
    const { p50, p95 } = this.freshness.times(this.stats?.freshness);
    const live = p50 == null ? "live" : `live ${span(p50)}, p95 ${span(p95)}`;
    say("live", { live, lost: "not live, reconnecting", wait: "connecting" }[level], level);
    this.freshness.show(this.stats?.freshness, level);
  }

  showCount({ total, total_is_exact: exact }) {
    const one = total === 1 ? "artifact" : "artifacts";
    element("count").textContent = `${total.toLocaleString("en")}${exact ? "" : "+"} ${one}`;
  }

  trouble(error) {
    element("count").textContent = error.message;
  }

  showChips(filters) {
    const held = ["bucket", "prefix", "day"].filter((name) => filters.values[name]);
    element("chips").replaceChildren(...held.map((name) => chip(name, filters)));
  }
}

function chip(name, filters) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chip";
  const cross = document.createElement("span");
  cross.setAttribute("aria-hidden", "true");
  cross.textContent = "✕";
  const does = document.createElement("span");
  does.className = "hidden";
  does.textContent = ", remove this filter";
  button.append(`${name}: ${filters.values[name]} `, cross, does);
  button.addEventListener("click", () => filters.set(name, ""));
  return button;
}

function say(id, text, level) {
  const meter = element(id);
  meter.dataset.level = level;
  meter.querySelector("span").textContent = text;
}
