// Progress while it goes on: how far, how long still, and the way of its first metric, drawn from the facts alone.
// Everything is changed in place and has its size from the beginning: nothing around it moves.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 200;
const HEIGHT = 60;
const SILENT_SECONDS = 60;

export function hasProgress(artifact) {
  return Boolean(artifact.facts?.progress || Number.isFinite(artifact.facts?.percent));
}

// Its numbers were read, its picture is not drawn yet: it may be overtaken before it is.
export function isTold(artifact) {
  return !artifact.rendered_at && ["queued", "rendering", "superseded"].includes(artifact.state) && hasProgress(artifact);
}

export class Progress {
  constructor(place) {
    this.element = document.createElement("span");
    this.element.className = "progress";
    this.head = part(this.element, "progress-head");
    this.share = part(this.head, "progress-share");
    this.left = part(this.head, "progress-left");
    this.bar = part(this.element, "progress-bar");
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", "Progress");
    this.fill = part(this.bar, "progress-fill");
    this.chart = document.createElementNS(SVG, "svg");
    this.chart.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.chart.setAttribute("preserveAspectRatio", "none");
    this.chart.setAttribute("aria-hidden", "true");
    this.line = document.createElementNS(SVG, "polyline");
    this.chart.append(this.line);
    this.element.append(this.chart);
    this.foot = part(this.element, "progress-foot");
    this.metric = document.createElement("bdi");
    this.value = part(this.foot, "progress-value");
    this.foot.prepend(this.metric);
    place.append(this.element);
  }

  // `passed` are the milliseconds since the facts were written.
  show({ facts, event_at: at }, passed = Date.now() - Date.parse(at)) {
    const { percent } = facts;
    const progress = facts.progress ?? {};
    this.facts = facts;
    const known = Number.isFinite(percent);
    say(this.share, known ? `${Math.round(percent)} %` : `step ${number(progress.step)}`);
    this.bar.hidden = !known;
    if (known) {
      this.bar.setAttribute("aria-valuenow", String(Math.round(percent)));
      this.fill.style.transform = `scaleX(${Math.min(100, Math.max(0, percent)) / 100})`;
    }
    this.element.classList.toggle("done", percent >= 100);
    this.draw(progress.curve);
    const metrics = Object.entries(progress.metrics ?? {}).filter(([, value]) => Number.isFinite(value));
    const name = progress.curve?.metric ?? metrics[0]?.[0] ?? "";
    const last = progress.curve?.values.at(-1) ?? metrics[0]?.[1];
    say(this.metric, name || (facts.last_line ?? "").slice(0, 120));
    say(this.value, Number.isFinite(last) ? number(last) : "");
    this.tick(passed);
  }

  // The time left goes down by itself; work of which nothing is heard says so.
  tick(passed) {
    const { percent, progress } = this.facts;
    const seconds = passed / 1000;
    if (percent >= 100) return say(this.left, "done");
    if (seconds > SILENT_SECONDS) return say(this.left, `silent for ${span(seconds)}`);
    const left = progress?.eta_seconds;
    say(this.left, Number.isFinite(left) && left > 0 ? `${span(Math.max(1, left - seconds))} left` : "");
  }

  draw(curve) {
    const points = (curve?.steps ?? []).map((step, at) => [step, curve.values[at]]).filter((one) => one.every(Number.isFinite));
    this.chart.classList.toggle("empty", points.length < 2);
    if (points.length < 2) return;
    const across = scale(points.map(([x]) => x), 2, WIDTH - 2);
    const up = scale(points.map(([, y]) => y), HEIGHT - 4, 4);
    const drawn = points.map(([x, y]) => `${across(x).toFixed(1)},${up(y).toFixed(1)}`).join(" ");
    if (this.line.getAttribute("points") !== drawn) this.line.setAttribute("points", drawn);
  }
}

function scale(values, from, to) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return (value) => (high > low ? from + ((value - low) / (high - low)) * (to - from) : (from + to) / 2);
}

function number(value) {
  if (!Number.isFinite(value)) return "?";
  return Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

function span(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

function part(of, name) {
  const made = document.createElement("span");
  made.className = name;
  of.append(made);
  return made;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
