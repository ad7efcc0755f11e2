// The wall: first cards from the page, further ones by keyset, changes in place, new ones at the top or behind a pill.
import { followAirflowLinks } from "./airflow.js";
import { keyOf, makeCard, showAge, showArtifact } from "./card.js";
import { Filters } from "./filters.js";
import { listenForKeys } from "./keys.js";
import { Live } from "./live.js";
import { Meters } from "./meters.js";

const PAGE = 50;
const MOST_CARDS = 1200;
const AT_TOP = 60;
const AHEAD = 800;

const root = document.documentElement.dataset.root;
const element = (id) => document.getElementById(id);
const first = JSON.parse(element("first").textContent);
const list = element("wall");
const template = element("card");
const cells = new Map();
const waiting = new Map();
const meters = new Meters(root);
const filters = new Filters(element("filters"), changed);
let cursor = null;
let loading = false;
let generation = 0;
let missed = null;

async function api(path) {
  const response = await fetch(`${root}/api/${path}`, { headers: { Accept: "application/json" } });
  if (response.status === 401) location.reload();
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail);
  return body;
}

const refresh = (id) => api(`artifacts/${id}`).catch(() => null);
const make = (artifact) => makeCard(template, artifact, refresh);

function add(artifact, atTop = false) {
  const known = cells.get(keyOf(artifact));
  if (known) return showArtifact(known, artifact);
  const cell = make(artifact);
  cells.set(keyOf(artifact), cell);
  if (atTop) list.prepend(cell);
  else list.append(cell);
}

function show(listed) {
  cells.clear();
  waiting.clear();
  list.replaceChildren();
  extend(listed);
}

function extend(listed) {
  listed.artifacts.forEach((artifact) => add(artifact));
  cursor = listed.next_cursor;
  meters.showCount(listed);
  showEnds(listed.total);
  requestAnimationFrame(() => element("more").getBoundingClientRect().top < innerHeight + AHEAD && loadMore());
}

function showEnds(total = cells.size) {
  const filtered = Object.keys(filters.values).some((name) => !["order", "view"].includes(name));
  element("more").firstElementChild.hidden = !cursor;
  element("empty").hidden = cells.size > 0 || filtered || total > 0;
  element("none").hidden = cells.size > 0 || !filtered;
  showPill();
}

async function reload() {
  const mine = ++generation;
  loading = true;
  missed = [];
  try {
    const listed = await api(`artifacts${filters.query(null, PAGE)}`);
    if (mine !== generation) return;
    const late = missed;
    show(listed);
    late.forEach(take);
    element("trouble").hidden = true;
  } catch (error) {
    if (mine === generation) complain(error);
  } finally {
    if (mine === generation) {
      loading = false;
      missed = null;
    }
  }
}

function complain(error) {
  element("trouble").hidden = false;
  element("trouble").querySelector("p").textContent = `${error.message}. It is tried again by itself.`;
  setTimeout(() => element("trouble").hidden || reload(), 5000);
}

async function loadMore() {
  if (loading || !cursor) return;
  const mine = generation;
  loading = true;
  try {
    const listed = await api(`artifacts${filters.query(cursor, PAGE)}`);
    if (mine === generation) extend(listed);
  } catch (error) {
    if (mine === generation) meters.trouble(error);
  } finally {
    if (mine === generation) loading = false;
  }
}

function changed() {
  showView();
  meters.showChips(filters);
  reload();
}

function showView() {
  list.className = `wall ${filters.view}`;
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === filters.view));
  }
}

// Nothing may move under a pointer, under the focus, or while somebody reads further down.
function mayMove() {
  const pointed = [list, element("pill")].some((one) => one.matches(":hover"));
  const hovered = matchMedia("(hover: hover)").matches && pointed;
  return scrollY < AT_TOP && !hovered && !list.contains(document.activeElement);
}

function take(artifact) {
  meters.changed(artifact);
  missed?.push(artifact);
  const known = cells.get(keyOf(artifact));
  if (known) {
    const newer = artifact.id === known.artifact.id ? artifact.seq >= known.artifact.seq : artifact.is_latest;
    if (newer && artifact.part && !filters.match(artifact)) takeDown(artifact);
    else if (newer) showArtifact(known, artifact);
    return;
  }
  if (waiting.has(keyOf(artifact)) || filters.match(artifact)) {
    if (filters.match(artifact)) waiting.set(keyOf(artifact), artifact);
    else waiting.delete(keyOf(artifact));
    scheduleArrivals();
  }
}

// What turned out to be a part of another artifact hangs there.
function takeDown(artifact) {
  cells.get(keyOf(artifact)).remove();
  cells.delete(keyOf(artifact));
  showEnds();
}

let arrivals = 0;
function scheduleArrivals() {
  arrivals ||= requestAnimationFrame(() => {
    arrivals = 0;
    if (filters.newestFirst && mayMove()) hangWaiting();
    else showPill();
  });
}

function hangWaiting() {
  if (cells.size + waiting.size > MOST_CARDS) return void reload();
  const sorted = [...waiting.values()].sort((a, b) => Date.parse(a.event_at) - Date.parse(b.event_at));
  waiting.clear();
  sorted.forEach((artifact) => add(artifact, true));
  showEnds();
}

function showPill() {
  const pill = element("pill");
  pill.hidden = waiting.size === 0;
  pill.textContent = `${waiting.size} new`;
}

function step(by) {
  const cards = [...list.querySelectorAll(".card")];
  const at = cards.indexOf(document.activeElement);
  const to = cards[at < 0 ? 0 : Math.min(Math.max(at + by, 0), cards.length - 1)];
  to?.focus();
  to?.scrollIntoView({ block: "nearest" });
}

function perRow() {
  return filters.view === "list" ? 1 : getComputedStyle(list).gridTemplateColumns.split(" ").length;
}

element("pill").addEventListener("click", () => {
  scrollTo({ top: 0 });
  document.activeElement.blur();
  if (filters.newestFirst) hangWaiting();
  else reload();
});
for (const one of [list, element("pill")]) one.addEventListener("pointerleave", () => waiting.size && scheduleArrivals());
addEventListener("scroll", () => waiting.size && scheduleArrivals(), { passive: true });
for (const button of document.querySelectorAll("[data-view]")) {
  button.addEventListener("click", () => filters.set("view", button.dataset.view));
}
element("more").firstElementChild.addEventListener("click", loadMore);
new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && loadMore(), {
  rootMargin: `${AHEAD}px`,
}).observe(element("more"));
setInterval(() => document.hidden || cells.forEach(showAge), 5000);

listenForKeys({
  "/": () => element("filters").elements.q.focus(),
  j: () => step(1),
  k: () => step(-1),
  ArrowRight: () => list.contains(document.activeElement) && step(1),
  ArrowLeft: () => list.contains(document.activeElement) && step(-1),
  ArrowDown: () => list.contains(document.activeElement) && step(perRow()),
  ArrowUp: () => list.contains(document.activeElement) && step(-perRow()),
  Escape: () => document.activeElement?.blur(),
});
followAirflowLinks();
meters.showStats(first.stats);
meters.showChips(filters);
show(first.list);
new Live(root, first.seq, {
  onArtifact: take,
  onReset: () => (filters.newestFirst && mayMove() ? reload() : meters.refresh()),
  onLevel: (level) => meters.showLevel(level),
});
