// The operations page: sections that change are swapped in place; what failed is driven again.
import { followAirflowLinks } from "./airflow.js";
import { listenForKeys } from "./keys.js";
import { age } from "./words.js";

const EVERY_MS = 2000;
const MOST_ROUNDS = 40;
const root = document.documentElement.dataset.root;
const served = new Map([...sections(document)].map((section) => [section.id, timeless(section)]));
let timer = 0;
let reading = null;

function sections(page) {
  return page.querySelectorAll("section[data-live]");
}

// A section as it was served, but for ages, which go on counting by themselves.
function timeless(section) {
  const copy = section.cloneNode(true);
  for (const time of copy.querySelectorAll("time[data-ago]")) time.textContent = "";
  return copy.outerHTML;
}

function showAges() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const text = `${age(time.dateTime)} ago`;
    if (time.textContent !== text) time.textContent = text;
  }
}

// -- what changes

async function refresh() {
  reading?.abort();
  clearTimeout(timer);
  reading = new AbortController();
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" }, signal: reading.signal });
    if (response.redirected || response.status === 401) return location.reload();
    if (!response.ok) throw new Error(response.status === 503 ? "the catalog is closed" : `HTTP ${response.status}`);
    swap(new DOMParser().parseFromString(await response.text(), "text/html"));
    live("live", "live");
  } catch (error) {
    if (error.name === "AbortError") return;
    live("lost", `not live: ${error.message}; trying again`);
  }
  timer = setTimeout(() => document.hidden || refresh(), EVERY_MS);
}

function swap(page) {
  for (const there of sections(page)) {
    const html = timeless(there);
    const here = document.getElementById(there.id);
    if (!here || served.get(there.id) === html) continue;
    served.set(there.id, html);
    const kept = keep(here);
    here.replaceWith(document.adoptNode(there));
    restore(there, kept);
  }
  showAges();
}

// What a person has done to a section outlives its replacement: choices, opened details, focus, scrolling.
function keep(section) {
  const focused = section.contains(document.activeElement) ? document.activeElement : null;
  return {
    chosen: new Set([...section.querySelectorAll("input[value]:checked")].map((box) => box.value)),
    open: [...section.querySelectorAll("details[open]")].map((one) => one.id),
    focus: focused && nameOf(focused),
    scrolled: [...section.querySelectorAll(SCROLLED)].map((one) => [one.scrollLeft, one.scrollTop]),
  };
}

const SCROLLED = ".scroller, .ops-list ul, .raw";
const nameOf = (one) => [one.tagName, one.getAttribute("aria-label") ?? one.textContent, one.value ?? ""].join("\u0000");

function restore(section, { chosen, open, focus, scrolled }) {
  for (const box of section.querySelectorAll("input[value]")) box.checked = chosen.has(box.value);
  for (const id of open) section.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  section.querySelectorAll(SCROLLED).forEach((one, at) => scrolled[at] && one.scrollTo(...scrolled[at]));
  section.querySelectorAll("[data-choice]").forEach(count);
  if (focus) [...section.querySelectorAll("a, button, input, summary, [tabindex]")].find((one) => nameOf(one) === focus)?.focus({ preventScroll: true });
}

function live(level, text) {
  const meter = document.getElementById("live");
  meter.dataset.level = level;
  const words = meter.querySelector("span");
  if (words.textContent !== text) words.textContent = text;
}

// -- choosing

const boxes = (list) => [...list.querySelectorAll("li input[type=checkbox]")];

function count(list) {
  const chosen = boxes(list).filter((box) => box.checked).length;
  const button = list.querySelector("[data-chosen]");
  if (!button) return;
  button.disabled = chosen === 0;
  button.textContent = chosen ? `Drive ${chosen} selected again` : "Drive the selected again";
  const all = list.querySelector("[data-all]");
  all.checked = chosen > 0 && chosen === boxes(list).length;
  all.indeterminate = chosen > 0 && !all.checked;
}

document.addEventListener("change", ({ target }) => {
  const list = target.closest?.("[data-choice]");
  if (!list) return;
  if (target.matches("[data-all]")) for (const box of boxes(list)) box.checked = target.checked;
  count(list);
});

// -- driving again

async function drive(button) {
  const what = button.dataset.drive;
  const body = button.dataset.chosen ? chosenIn(button) : JSON.parse(button.dataset.body);
  button.disabled = true;
  try {
    const done = { driven: 0, taken: 0, buried: 0 };
    for (let round = 0, left = true; left && round < MOST_ROUNDS; round += 1) {
      const told = await post(`${root}/api/operations/${what}/redrive`, body);
      for (const name of Object.keys(done)) done[name] += told[name] ?? 0;
      left = told.left;
      say(words(what, done, left), "good");
    }
  } catch (error) {
    say(`That was not possible: ${error.message}`, "bad");
  }
  button.disabled = false;
  refresh();
}

function chosenIn(button) {
  const list = button.closest("[data-choice]");
  const chosen = boxes(list).filter((box) => box.checked).map((box) => box.value);
  return { [list.dataset.choice]: button.dataset.chosen === "events" ? chosen.map(Number) : chosen };
}

function words(what, { driven, taken, buried }, left) {
  const more = left ? " so far; going on" : "";
  const many = (n, one, several) => `${n.toLocaleString("en")} ${n === 1 ? one : several}`;
  if (what === "failures") return driven ? `${many(driven, "artifact is", "artifacts are")} on the way again${more}.` : "Nothing was driven again: it is on the way already, or gone.";
  const stays = buried ? ` ${many(buried, "record stays", "records stay")} buried: the reason shown is that of now.` : "";
  return `${many(taken, "record was", "records were")} taken${more}.${stays}`;
}

async function post(address, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-Belvedere": "operations" };
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
  const told = await response.json().catch(() => ({ detail: `HTTP ${response.status}` }));
  if (!response.ok) throw new Error(told.detail);
  return told;
}

function say(text, level) {
  const line = document.getElementById("said");
  line.hidden = false;
  line.dataset.level = level;
  line.textContent = text;
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-drive]");
  if (button) drive(button);
});
document.addEventListener("visibilitychange", () => document.hidden || refresh());
addEventListener("pageshow", (event) => event.persisted && refresh());
setInterval(showAges, 1000);
showAges();
followAirflowLinks();
listenForKeys({ Escape: () => document.activeElement?.blur() });
timer = setTimeout(refresh, 800);
