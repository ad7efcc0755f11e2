// Pages whose sections follow what happens: the page is asked for again, and the sections that changed are swapped.
import { age } from "./words.js";

const SCROLLED = ".scroller, .ops-list ul, .raw, .document";
const served = new Map([...sections(document)].map((section) => [section.id, timeless(section)]));
let every = 2000;
let told = () => {};
let restored = () => {};
let timer = 0;
let reading = null;

// `everyMs` between two readings; `onReading` is told what came of each (null: all is well), `onSwap` of new sections.
export function followSections({ everyMs, firstMs, onReading, onSwap }) {
  every = everyMs;
  told = onReading ?? told;
  restored = onSwap ?? restored;
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  addEventListener("pageshow", (event) => event.persisted && refresh());
  setInterval(showAges, 1000);
  showAges();
  timer = setTimeout(refresh, firstMs ?? everyMs);
}

export async function refresh() {
  reading?.abort();
  clearTimeout(timer);
  reading = new AbortController();
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" }, signal: reading.signal });
    if (response.redirected || response.status === 401) return location.reload();
    if (!response.ok) throw new Error(response.status === 503 ? "the catalog is closed" : `HTTP ${response.status}`);
    swap(new DOMParser().parseFromString(await response.text(), "text/html"));
    told(null);
  } catch (error) {
    if (error.name === "AbortError") return;
    told(error);
  }
  timer = setTimeout(() => document.hidden || refresh(), every);
}

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

const nameOf = (one) => [one.tagName, one.getAttribute("aria-label") ?? one.textContent, one.value ?? ""].join("\u0000");

function restore(section, { chosen, open, focus, scrolled }) {
  for (const box of section.querySelectorAll("input[value]")) box.checked = chosen.has(box.value);
  for (const id of open) section.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  section.querySelectorAll(SCROLLED).forEach((one, at) => scrolled[at] && one.scrollTo(...scrolled[at]));
  restored(section);
  if (focus) [...section.querySelectorAll("a, button, input, summary, [tabindex]")].find((one) => nameOf(one) === focus)?.focus({ preventScroll: true });
}
