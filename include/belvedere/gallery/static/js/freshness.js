// How long it takes from an object's event to its picture: as the server measured it, and until it was seen here.
import { clock, fresh } from "./live.js";
import { span } from "./words.js";

const KEPT = 200;
const ENOUGH = 5;
const LATE_MS = 5000; // what was rendered longer ago was told after a pause: it says nothing of the loop

export class Freshness {
  constructor(meter, changed) {
    this.samples = new Map();
    this.panel = meter.hasAttribute("popovertarget") ? makePanel(meter.getAttribute("popovertarget")) : null;
    document.addEventListener("belvedere:seen", ({ detail }) => this.note(detail, changed));
  }

  // Each rendering counts once, at the first moment at which it stood on the screen.
  note(artifact, changed) {
    const rendering = `${artifact.id} ${artifact.rendered_at}`;
    if (document.hidden || !fresh.has(artifact) || artifact.state !== "rendered" || this.samples.has(rendering)) return;
    if (clock.passed(artifact.rendered_at) > LATE_MS) return;
    this.samples.set(rendering, Math.max(0, clock.passed(artifact.event_at)));
    if (this.samples.size > KEPT) this.samples.delete(this.samples.keys().next().value);
    changed();
  }

  here() {
    const sorted = [...this.samples.values()].sort((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    return { p50: at(0.5), p95: at(0.95), count: sorted.length };
  }

  // What is seen here says more than what the server knows, once there is enough of it.
  times(server) {
    const here = this.here();
    return here.count >= ENOUGH ? here : { p50: server?.p50_ms, p95: server?.p95_ms };
  }

  show(server, level) {
    if (!this.panel) return;
    const here = this.here();
    const words = { live: "open", lost: "lost: connecting again", wait: "connecting" };
    fill(this.panel, "server", row(server?.p50_ms, server?.p95_ms, server?.samples));
    fill(this.panel, "here", row(here.p50, here.p95, here.count));
    this.panel.querySelector("[data-stream]").textContent = words[level] ?? level;
  }
}

function row(p50, p95, count) {
  return [p50 == null ? "–" : span(p50), p95 == null ? "–" : span(p95), String(count ?? 0)];
}

function fill(panel, name, cells) {
  const places = panel.querySelectorAll(`[data-row="${name}"] td`);
  cells.forEach((text, at) => (places[at].textContent = text));
}

function makePanel(id) {
  const panel = document.createElement("aside");
  panel.id = id;
  panel.className = "help freshness";
  panel.popover = "auto";
  panel.setAttribute("aria-label", "Freshness");
  panel.innerHTML = `<h2>Freshness</h2>
    <p>From the moment an object landed in its bucket:</p>
    <table><thead><tr><th scope="col"></th><th scope="col">median</th><th scope="col">95 %</th><th scope="col">of</th></tr></thead>
    <tbody><tr data-row="server"><th scope="row">to its picture, last 15 minutes</th><td></td><td></td><td></td></tr>
    <tr data-row="here"><th scope="row">to this screen, last ${KEPT}</th><td></td><td></td><td></td></tr></tbody></table>
    <p>Stream of changes: <span data-stream></span>. All open pages share one.</p>`;
  document.body.append(panel);
  return panel;
}
