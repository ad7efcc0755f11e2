// Charts of several artifacts over the same axes. A pointer in one of them points in all that share the axis; the
// arrow keys move it too.
const SVG = "http://www.w3.org/2000/svg";
const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 42;
const NUDGE = 0.01;

function make(parent, name, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  parent.append(element);
  return element;
}

export function shown(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-4 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

// A line's height at x: between two points on the straight line, nothing outside of it.
export function heightAt(points, x) {
  let low = 0;
  let high = points.length - 1;
  if (!points.length || x < points[0][0] || x > points[high][0]) return null;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle][0] <= x) low = middle;
    else high = middle;
  }
  const [x1, y1] = points[low];
  const [x2, y2] = points[high];
  if (x >= x2) return y2;
  return x2 > x1 ? y1 + ((y2 - y1) * (x - x1)) / (x2 - x1) : y1;
}

class Chart {
  constructor(group, plot, lines, title, ratio) {
    Object.assign(this, { group, plot, lines, ratio, dots: [] });
    this.element = document.createElement("div");
    this.element.className = "chart";
    const heading = document.createElement("h3");
    const bdi = document.createElement("bdi");
    bdi.textContent = title;
    heading.append(bdi);
    heading.hidden = group.alone && !group.apart;
    this.svg = document.createElementNS(SVG, "svg");
    this.slider(title);
    this.readout = document.createElement("p");
    this.readout.className = "readout";
    this.element.append(heading, this.svg, this.readout);
    this.svg.addEventListener("pointermove", (event) => this.follow(event));
    this.svg.addEventListener("pointerleave", () => group.point(null));
    this.svg.addEventListener("keydown", (event) => this.key(event));
    this.svg.addEventListener("focus", () => group.at ?? group.point(this.nearest((plot.across.low + plot.across.high) / 2)));
  }

  slider(title) {
    const { low, high, title: axis } = this.plot.across;
    for (const [name, value] of Object.entries({
      role: "slider",
      tabindex: 0,
      "aria-label": `${title}: values at ${axis}`,
      "aria-valuemin": low,
      "aria-valuemax": high,
      "aria-valuenow": low,
    })) this.svg.setAttribute(name, value);
  }

  draw(width) {
    const height = Math.round(Math.min(440, Math.max(200, width * this.ratio)));
    this.size = { width, height, across: width - LEFT - RIGHT, up: height - TOP - BOTTOM };
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("height", height);
    this.svg.replaceChildren();
    const { across, up } = this.plot;
    for (const tick of up.ticks) {
      const y = this.y(tick.value);
      make(this.svg, "line", { class: "grid-line", x1: LEFT, x2: width - RIGHT, y1: y, y2: y });
      make(this.svg, "text", { x: LEFT - 7, y: y + 4, "text-anchor": "end" }, tick.label);
    }
    const every = Math.ceil((across.ticks.length * 56) / this.size.across);
    across.ticks.forEach((tick, at) => {
      if (at % every === 0) make(this.svg, "text", { x: this.x(tick.value), y: height - BOTTOM + 18, "text-anchor": "middle" }, tick.label);
    });
    make(this.svg, "line", { class: "axis-line", x1: LEFT, x2: width - RIGHT, y1: height - BOTTOM, y2: height - BOTTOM });
    make(this.svg, "text", { x: LEFT + this.size.across / 2, y: height - 6, "text-anchor": "middle" }, across.title);
    if (up.title) make(this.svg, "text", { transform: `translate(11 ${TOP + this.size.up / 2}) rotate(-90)`, "text-anchor": "middle" }, up.title);
    if (this.plot.chance) make(this.svg, "line", { class: "chance", x1: this.x(0), y1: this.y(0), x2: this.x(1), y2: this.y(1) });
    for (const line of this.lines) this.line(line);
    this.pointer = make(this.svg, "line", { class: "pointer", y1: TOP, y2: height - BOTTOM, visibility: "hidden" });
    this.dots = this.lines.map((line) => make(this.svg, "circle", { class: "dot", r: 4, "data-series": line.subject + 1, visibility: "hidden" }));
    this.point(this.group.at);
  }

  line(line) {
    const points = line.points.map(([x, y]) => `${this.x(x).toFixed(1)},${this.y(y).toFixed(1)}`).join(" ");
    if (line.points.length > 1) make(this.svg, "polyline", { class: "series", "data-series": line.subject + 1, points });
    else make(this.svg, "circle", { class: "dot", r: 3, "data-series": line.subject + 1, cx: this.x(line.points[0][0]), cy: this.y(line.points[0][1]) });
  }

  x(value) {
    const { low, high } = this.plot.across;
    return LEFT + (this.size.across * (value - low)) / (high - low);
  }

  y(value) {
    const { low, high } = this.plot.up;
    return TOP + this.size.up * (1 - (value - low) / (high - low));
  }

  follow(event) {
    const box = this.svg.getBoundingClientRect();
    const { low, high } = this.plot.across;
    const share = ((event.clientX - box.left) * (this.size.width / box.width) - LEFT) / this.size.across;
    this.group.point(this.nearest(low + (high - low) * Math.min(1, Math.max(0, share))));
  }

  // Steps were logged one by one: the pointer stands on one of them. Rates are measured at any place.
  nearest(at) {
    if (this.plot.chance) return Math.round(at * 1000) / 1000;
    const places = this.lines.flatMap((line) => line.points.map(([x]) => x));
    return places.reduce((best, x) => (Math.abs(x - at) < Math.abs(best - at) ? x : best), places[0] ?? at);
  }

  key(event) {
    const { low, high } = this.plot.across;
    const step = (high - low) * (event.shiftKey ? 10 * NUDGE : NUDGE);
    const at = this.group.at ?? (low + high) / 2;
    const by = { ArrowLeft: -step, ArrowRight: step, ArrowDown: -step, ArrowUp: step, Home: low - at, End: high - at }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const to = Math.min(high, Math.max(low, at + by));
    this.group.point(this.plot.chance ? to : this.beyond(at, to));
  }

  // The logged step nearest to `to`, but never the one where the pointer stands.
  beyond(at, to) {
    const ahead = this.lines.flatMap((line) => line.points.map(([x]) => x)).filter((x) => (to > at ? x > at : x < at));
    return ahead.reduce((best, x) => (Math.abs(x - to) < Math.abs(best - to) ? x : best), ahead[0] ?? at);
  }

  point(at) {
    if (!this.pointer) return;
    const { low, high, title } = this.plot.across;
    const there = at !== null && at >= low && at <= high;
    this.pointer.setAttribute("visibility", there ? "visible" : "hidden");
    const said = [];
    this.lines.forEach((line, number) => {
      const height = there ? heightAt(line.points, at) : null;
      this.dots[number].setAttribute("visibility", height === null ? "hidden" : "visible");
      if (height === null) return;
      this.dots[number].setAttribute("cx", this.x(at));
      this.dots[number].setAttribute("cy", this.y(height));
      said.push([this.group.nameOf(line), shown(height)]);
    });
    if (there) for (const name of ["x1", "x2"]) this.pointer.setAttribute(name, this.x(at));
    this.say(there ? `${title} ${shown(at)}: ` : "", said);
    if (!there) return;
    this.svg.setAttribute("aria-valuenow", at);
    this.svg.setAttribute("aria-valuetext", `${title} ${shown(at)}: ${said.map((pair) => pair.join(" ")).join(", ") || "no line"}`);
  }

  say(head, pairs) {
    this.readout.replaceChildren(head);
    pairs.forEach(([name, value], at) => {
      const strong = document.createElement("b");
      strong.textContent = name;
      this.readout.append(at ? ", " : "", strong, ` ${value}`);
    });
  }
}

// All charts of one section: they share a pointer, which lines are shown, and how they stand.
export class Charts {
  constructor(place, plots, letters, address) {
    Object.assign(this, { place, plots, letters, address, at: null, charts: [] });
    const section = place.closest("section");
    this.buttons = [...section.querySelectorAll("[data-plots]")];
    this.legend = section.querySelector("[data-legend]");
    this.alone = place.dataset.charts === "roc";
    this.ratio = this.alone ? 0.72 : 0.6;
    for (const button of this.buttons) button.addEventListener("click", () => this.address.set("plots", button.dataset.plots));
    this.address.listen(() => this.build());
    this.build();
    new ResizeObserver(() => this.draw()).observe(place);
  }

  get hidden() {
    return new Set((this.address.get("hide") ?? "").split(",").filter(Boolean));
  }

  build() {
    const apart = this.address.get("plots") === "apart";
    const hidden = this.hidden;
    this.apart = apart;
    this.place.toggleAttribute("data-apart", apart);
    for (const button of this.buttons) button.setAttribute("aria-pressed", String((button.dataset.plots === "apart") === apart));
    this.showLegend(hidden);
    this.charts = this.plots.flatMap((plot) => {
      const lines = plot.lines.filter((line) => !hidden.has(this.letters[line.subject]));
      if (!apart) return [new Chart(this, plot, lines, plot.title, this.ratio)];
      return lines.map((line) => new Chart(this, plot, [line], this.alone ? this.nameOf(line) : `${plot.title}, ${this.nameOf(line)}`, this.ratio));
    });
    this.place.replaceChildren(...this.charts.map((chart) => chart.element));
    this.drawn = 0;
    this.draw();
  }

  draw() {
    const width = Math.floor(this.charts[0]?.element.clientWidth ?? 0);
    if (!width || width === this.drawn) return;
    this.drawn = width;
    for (const chart of this.charts) chart.draw(width);
  }

  point(at) {
    this.at = at;
    for (const chart of this.charts) chart.point(at);
  }

  nameOf(line) {
    return line.run ? `${this.letters[line.subject]} ${line.run}` : this.letters[line.subject];
  }

  showLegend(hidden) {
    const there = [...new Set(this.plots.flatMap((plot) => plot.lines.map((line) => line.subject)))].sort();
    const focused = this.legend.contains(document.activeElement) ? document.activeElement.dataset.letter : "";
    this.legend.replaceChildren(...there.map((subject) => this.key(subject, hidden)));
    if (focused) this.legend.querySelector(`[data-letter="${focused}"]`)?.focus();
  }

  key(subject, hidden) {
    const letter = this.letters[subject];
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.letter = letter;
    button.setAttribute("aria-pressed", String(!hidden.has(letter)));
    const sample = document.createElementNS(SVG, "svg");
    sample.setAttribute("viewBox", "0 0 26 8");
    sample.setAttribute("aria-hidden", "true");
    make(sample, "line", { class: "series", "data-series": subject + 1, x1: 1, y1: 4, x2: 25, y2: 4 });
    button.append(sample, letter);
    button.addEventListener("click", () => {
      const now = this.hidden;
      if (!now.delete(letter)) now.add(letter);
      this.address.set("hide", [...now].join(","));
    });
    return button;
  }
}
