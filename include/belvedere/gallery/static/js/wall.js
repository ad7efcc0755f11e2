// The wall: first cards from the page, further ones by keyset, changes in place, new ones at the top or behind a pill.
import { Anchor } from "./anchor.js";
import { keyOf, makeCard, showAge, showArtifact, showOvertaken } from "./card.js";
import { Filters } from "./filters.js";
import { Groups } from "./groups.js";
import { listenForKeys } from "./keys.js";
import { Live } from "./live.js";
import { Meters } from "./meters.js";
import { SavedViews } from "./saved_views.js";
import { SearchBox } from "./search_box.js";

const PAGE = 50;
const GROUPS = 12;
const MOST_AT_ONCE = 200;
const MOST_EMPTY = 5;
const AT_TOP = 60;
const AHEAD = 800;
const ASK_MS = 150;

const root = document.documentElement.dataset.root;
const element = (id) => document.getElementById(id);
const parse = (id) => JSON.parse(element(id).textContent);
const first = parse("first");
const list = element("wall");
const template = element("card");
const cells = new Map();
const waiting = new Map();
const meters = new Meters(root);
const filters = new Filters(element("filters"), changed);
const search = new SearchBox(root, element("search"));
const anchor = new Anchor(list, () => scrollY < AT_TOP);
// What the server has drawn: taken over once, by what the scripts read of it.
const byData = (selector, name) => new Map([...list.querySelectorAll(selector)].map((one) => [one.dataset[name], one]));
let drawn = { cells: byData(".cell", "id"), groups: byData(".group", "group") };
let groups = null;
let cursor = null;
let loading = false;
let empties = 0;
let generation = 0;
let missed = null;
let chosen = new Set();

async function api(path) {
  const response = await fetch(`${root}/api/${path}`, { headers: { Accept: "application/json" } });
  if (response.status === 401) location.reload();
  const body = await response.json();
  if (!response.ok) throw Object.assign(new Error(body.detail), { status: response.status });
  return body;
}

const refresh = (id) => api(`artifacts/${id}`).catch(() => null);
const grouped = () => filters.group !== "";
const listed = (after) =>
  grouped()
    ? api(`groups${filters.query(after, GROUPS, { by: filters.group })}`)
    : api(`artifacts${filters.query(after, PAGE)}`);

function hang(cards, artifact, { atTop = false } = {}) {
  const known = cells.get(keyOf(artifact));
  if (known) showArtifact(known, artifact);
  const cell = known ?? makeCard(template, artifact, refresh, drawn.cells.get(artifact.id));
  if (!known) cells.set(keyOf(artifact), cell);
  markChosen(cell);
  if (atTop) cards.prepend(cell);
  else if (!known && cell.parentElement !== cards) cards.append(cell);
}

// The page came with cards.
function begin(body) {
  showAll(body);
  drawn = { cells: new Map(), groups: new Map() };
}

function show(body) {
  cells.clear();
  waiting.clear();
  list.replaceChildren();
  list.className = `${grouped() ? "groups" : "wall"} ${filters.view}`;
  showAll(body);
}

function showAll(body) {
  empties = 0;
  const more = (after, limit, narrowed) => api(`artifacts${filters.query(after, limit, narrowed)}`);
  const made = { by: filters.group, view: filters.view, hang, more, drawn: drawn.groups };
  groups = grouped() ? new Groups(list, element("group"), made) : null;
  extend(body);
}

function extend(body) {
  if (groups) groups.extend(body.groups, body.next_cursor === null);
  else body.artifacts.forEach((artifact) => hang(list, artifact));
  empties = groups && !body.groups.length ? empties + 1 : 0;
  cursor = body.next_cursor;
  meters.showCount(body);
  showEnds(body.total);
  seek();
}

function seek() {
  const found = anchor.find(cursor !== null || Boolean(groups?.goesOn));
  requestAnimationFrame(() => {
    const near = element("more").getBoundingClientRect().top < innerHeight + AHEAD;
    if (!found || (near && empties < MOST_EMPTY)) loadMore();
  });
}

function showEnds(total = cells.size) {
  const more = element("more").firstElementChild;
  more.hidden = !cursor;
  more.textContent = empties < MOST_EMPTY ? "Show more" : "Nothing newer than this: look further back";
  element("empty").hidden = cells.size > 0 || filters.filtered || total > 0;
  element("none").hidden = cells.size > 0 || !filters.filtered || cursor !== null;
  showPill();
}

async function reload() {
  const mine = ++generation;
  loading = true;
  missed = [];
  try {
    const body = await listed(null);
    if (mine !== generation) return;
    const late = missed;
    show(body);
    late.forEach(take);
    search.complain("");
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
  if (error.status === 400 && error.message.startsWith("q: ")) return search.complain(error.message);
  element("trouble").hidden = false;
  element("trouble").querySelector("p").textContent = `${error.message}. It is tried again by itself.`;
  setTimeout(() => element("trouble").hidden || reload(), 5000);
}

async function loadMore() {
  const within = !cursor && groups?.goesOn;
  if (loading || !(cursor || within)) return;
  const mine = generation;
  loading = true;
  try {
    const body = within ? await groups.only().readOn() : await listed(cursor);
    loading = false;
    if (mine !== generation) return;
    if (within) seek();
    else extend(body);
  } catch (error) {
    if (mine === generation) meters.trouble(error);
  } finally {
    if (mine === generation) loading = false;
  }
}

let shownView = filters.view;
let shownQuery = filters.ahead ? null : filters.query(null, 0, { group: filters.group });
function changed() {
  showView();
  meters.showChips(filters);
  const query = filters.query(null, 0, { group: filters.group });
  if (query !== shownQuery) reload();
  shownQuery = query;
}

function showView() {
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === filters.view));
  }
  if (shownView === filters.view) return;
  shownView = filters.view;
  list.className = `${grouped() ? "groups" : "wall"} ${filters.view}`;
  groups?.setView(filters.view);
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
    else showOvertaken(known, artifact);
    return;
  }
  if (!filters.match(artifact)) {
    if (waiting.delete(keyOf(artifact))) scheduleArrivals();
  } else if (filters.plain) expect(artifact);
  else askWhether(artifact);
}

function expect(artifact) {
  waiting.set(keyOf(artifact), artifact);
  scheduleArrivals();
}

// Only the server understands the whole language of searches: it is asked which of the new ones it would list.
const asked = new Map();
let asking = 0;
function askWhether(artifact) {
  asked.set(artifact.id, artifact);
  asking ||= setTimeout(async () => {
    asking = 0;
    const mine = generation;
    const ids = [...asked.keys()].slice(-MOST_AT_ONCE);
    const news = new Map(asked);
    asked.clear();
    const body = await api(`artifacts${filters.query(null, MOST_AT_ONCE, { id: ids.join(",") })}`).catch(() => null);
    if (mine !== generation || !body) return;
    for (const found of body.artifacts) {
      news.delete(found.id);
      expect(found);
    }
    for (const artifact of news.values()) if (waiting.delete(keyOf(artifact))) scheduleArrivals();
  }, ASK_MS);
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
  if (waiting.size > MOST_AT_ONCE) return void reload();
  const sorted = [...waiting.values()].sort((a, b) => Date.parse(a.event_at) - Date.parse(b.event_at));
  waiting.clear();
  for (const artifact of sorted) {
    if (groups) groups.arrive(artifact);
    else hang(list, artifact, { atTop: true });
  }
  showEnds();
}

function showPill() {
  const pill = element("pill");
  pill.hidden = waiting.size === 0;
  pill.textContent = `${waiting.size} new`;
}

function step(by) {
  const cards = [...list.querySelectorAll(".wall:not([hidden]) > .cell:not([hidden]) > .card, :scope > .cell > .card")];
  const at = cards.indexOf(document.activeElement);
  const to = cards[at < 0 ? 0 : Math.min(Math.max(at + by, 0), cards.length - 1)];
  to?.focus();
  to?.scrollIntoView({ block: "nearest" });
}

function perRow() {
  if (filters.view === "list") return 1;
  return groups ? groups.columns() : getComputedStyle(list).gridTemplateColumns.split(" ").length;
}

// Cards that are chosen to be compared say so; the tray keeps them.
function markChosen(cell) {
  const card = cell.querySelector(".card");
  card.toggleAttribute("data-chosen", chosen.has(cell.artifact.id));
}

document.addEventListener("belvedere:chosen", ({ detail }) => {
  chosen = new Set(detail.ids);
  cells.forEach(markChosen);
});

function compare() {
  const cell = document.activeElement?.closest?.(".cell") ?? list.querySelector(".cell:hover");
  if (!cell?.artifact) return false;
  const ids = [cell.artifact.id];
  return document.dispatchEvent(new CustomEvent("belvedere:compare", { detail: { ids } }));
}

function nextGrouping() {
  const { options, selectedIndex } = filters.form.elements.group;
  filters.set("group", options[(selectedIndex + 1) % options.length].value);
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
element("more").firstElementChild.addEventListener("click", () => {
  empties = 0;
  loadMore();
});
new IntersectionObserver((entries) => empties < MOST_EMPTY && entries.some((entry) => entry.isIntersecting) && loadMore(), {
  rootMargin: `${AHEAD}px`,
}).observe(element("more"));
setInterval(() => {
  if (document.hidden) return;
  cells.forEach(showAge);
  groups?.showAges();
}, 5000);

listenForKeys({
  "/": () => element("filters").elements.q.focus(),
  j: () => step(1),
  k: () => step(-1),
  c: compare,
  g: nextGrouping,
  ArrowRight: () => list.contains(document.activeElement) && step(1),
  ArrowLeft: () => list.contains(document.activeElement) && step(-1),
  ArrowDown: () => list.contains(document.activeElement) && step(perRow()),
  ArrowUp: () => list.contains(document.activeElement) && step(-perRow()),
  Escape: () => document.activeElement?.blur(),
});
meters.showStats(first.stats);
meters.showChips(filters);
begin(first.list);
new SavedViews(root, filters, parse("saved"));
new Live(root, first.seq, {
  onArtifact: take,
  onReset: () => (filters.newestFirst && mayMove() ? reload() : meters.refresh()),
  onLevel: (level) => meters.showLevel(level),
});
import("./compare_tray.js").then(({ Tray }) => new Tray(root)).catch(() => null);
