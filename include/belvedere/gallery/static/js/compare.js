// The page of a comparison: charts, pictures, frames, and what is chosen of them in the address bar.
import { mirrorAddress } from "./airflow.js";
import { Charts } from "./compare_charts.js";
import { Pictures } from "./compare_images.js";
import { Frames } from "./frames.js";
import { listenForKeys } from "./keys.js";
import { Live } from "./live.js";

const root = document.documentElement.dataset.root;
const data = document.getElementById("charts");

// What is looked at stands in the address; whoever shows it listens.
const address = {
  listeners: [],
  get: (name) => new URLSearchParams(location.search).get(name),
  listen(listener) {
    this.listeners.push(listener);
  },
  set(name, value) {
    const query = new URLSearchParams(location.search);
    if (value) query.set(name, value);
    else query.delete(name);
    history.replaceState(history.state, "", `${location.pathname}?${query.toString().replaceAll("%2C", ",")}`);
    mirrorAddress();
    this.listeners.forEach((listener) => listener());
  },
};

function start() {
  const known = JSON.parse(data.textContent);
  for (const place of document.querySelectorAll("[data-charts]")) {
    const plots = place.dataset.charts === "roc" ? [known.roc] : known.series;
    new Charts(place, plots, known.letters, address);
  }
  for (const place of document.querySelectorAll("[data-pictures]")) new Pictures(place, address);
  const frames = new Frames(freshAddress);
  frames.open(document.getElementById("main"));
  linkTables([...document.querySelectorAll("table[data-linked]")]);
  document.querySelector("[data-copy-address]").addEventListener("click", (event) => copyAddress(event.currentTarget));
  watch(known);
}

// Signed addresses live a few minutes: take those of the page as it would be now.
async function freshAddress(name, old) {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!response?.ok) return old;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const of = document.querySelector(`iframe[data-href="${CSS.escape(old)}"]`)?.dataset.of;
  return [...page.querySelectorAll("iframe")].find((one) => one.dataset.of === of)?.dataset.href ?? old;
}

// The same cell in all matrices: whoever points at one sees the others.
function linkTables(tables) {
  const mark = (cell, on) => {
    if (!cell) return;
    const row = cell.parentElement.rowIndex;
    for (const table of tables) table.rows[row]?.cells[cell.cellIndex]?.classList.toggle("linked", on);
  };
  for (const table of tables) {
    table.addEventListener("pointerover", (event) => mark(event.target.closest("td"), true));
    table.addEventListener("pointerout", (event) => mark(event.target.closest("td"), false));
  }
}

async function copyAddress(button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  } catch {
    note(location.href);
  }
  setTimeout(() => (button.textContent = before), 2000);
}

function note(text, action) {
  const line = document.getElementById("note");
  line.hidden = false;
  line.replaceChildren(text, " ");
  if (!action) return;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = action;
  line.append(link);
}

// Nothing moves under the reader: the page only says that something is new.
function watch(known) {
  const seen = new Map(known.live.map((one) => [one.id, one]));
  const changed = new Set();
  const letters = new Map(known.live.map((one, at) => [`${one.bucket}\u0000${one.key}`, known.letters[at]]));
  new Live(root, known.since, {
    onArtifact: (artifact) => {
      const letter = letters.get(`${artifact.bucket}\u0000${artifact.key}`);
      if (!letter || !(seen.get(artifact.id)?.seq < artifact.seq)) return;
      changed.add(letter);
      note(`${[...changed].sort().join(", ")} changed since this page was made.`, "Compare again");
    },
    onReset: () => {},
  });
}

function back() {
  if (document.referrer && new URL(document.referrer).origin === location.origin) history.back();
  else location.assign(`${root}/`);
}

if (data) start();
listenForKeys({
  Escape: back,
  x: () => document.querySelector("[data-swap]")?.click(),
  d: () => document.querySelector(".segments a:first-child")?.click(),
  s: () => document.querySelector(".segments a:last-child")?.click(),
});
