// One artifact's page: tabs, frames, versions by keys, and changes without a reload.
import { followAirflowLinks } from "./airflow.js";
import { Frames } from "./frames.js";
import { listenForKeys } from "./keys.js";
import { Live } from "./live.js";
import { Rows } from "./rows.js";
import { keepPlaying } from "./player.js";
import { Tabs } from "./tabs.js";

const root = document.documentElement.dataset.root;
const subject = JSON.parse(document.getElementById("subject").textContent);
const frames = new Frames(freshAddress);
const started = new WeakSet();
let tabs = new Tabs(document.getElementById("viewer"), openPanel);
let seq = subject.seq;
let reading = false;
let again = false;

// What a tab needs is fetched when it is first looked at.
function openPanel(panel) {
  frames.open(panel);
  const place = panel.querySelector("[data-rows]");
  if (place && !started.has(place)) {
    started.add(place);
    new Rows(place);
  }
}

// Signed addresses live a few minutes: take those of the page as it would be now.
async function freshAddress(name, old) {
  const page = await pageNow().catch(() => null);
  const same = [...(page?.querySelectorAll("[data-name]") ?? [])].find((one) => one.dataset.name === name);
  return same?.dataset.href ?? same?.getAttribute("href") ?? old;
}

async function pageNow() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

async function readAgain() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  try {
    const page = await pageNow();
    seq = Number(page.getElementById("artifact").dataset.seq);
    swap(page, "head", () => true);
    swap(page, "panel", () => true);
    const swapped = swap(page, "viewer", (here, there) => here.dataset.revision !== there.dataset.revision);
    if (swapped) tabs = new Tabs(swapped, openPanel);
    frames.born = Date.now();
  } catch (error) {
    note(`The page could not be brought up to date: ${error.message}`);
  }
  reading = false;
  if (again) {
    again = false;
    readAgain();
  }
}

function swap(page, id, differ) {
  const here = document.getElementById(id);
  const there = page.getElementById(id);
  if (!differ(here, there)) return null;
  const fresh = document.adoptNode(there);
  here.replaceWith(fresh);
  return fresh;
}

function note(text) {
  const line = document.getElementById("note");
  line.hidden = false;
  line.textContent = text;
}

async function renderAgain(button) {
  button.disabled = true;
  try {
    const response = await fetch(`${root}/api/artifacts/${subject.id}/rerender`, {
      method: "POST",
      headers: { Accept: "application/json", "X-Belvedere": "gallery" },
    });
    const body = await response.json();
    if (!response.ok) note(body.detail);
    else note(body.queued ? "Queued: the new picture appears here by itself." : "A rendering is under way already.");
  } catch (error) {
    note(`That did not reach the server: ${error.message}`);
  }
  button.disabled = false;
}

async function copyPath(button) {
  const text = button.parentElement.querySelector("[data-copy]").textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    getSelection().selectAllChildren(button.parentElement.querySelector("[data-copy]"));
    button.textContent = "selected";
  }
  setTimeout(() => (button.textContent = "copy"), 2000);
}

async function download(event, link) {
  event.preventDefault();
  location.assign(await freshAddress(link.dataset.name, link.getAttribute("href")));
}

function version(by) {
  const all = [...document.querySelectorAll(".versions a")];
  const at = all.findIndex((link) => link.getAttribute("aria-current") === "page");
  const to = all[at + by];
  if (at < 0 || !to) return false;
  to.click();
  return true;
}

function back() {
  const wall = document.querySelector("[data-back]");
  const camefrom = document.referrer && new URL(document.referrer);
  if (camefrom && camefrom.origin === location.origin && camefrom.pathname === new URL(wall.href).pathname) history.back();
  else location.assign(wall.href);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-rerender], [data-copies], a[data-name], [data-back]");
  if (!target) return;
  if (target.matches("[data-rerender]")) renderAgain(target);
  else if (target.matches("[data-copies]")) copyPath(target);
  else if (target.matches("[data-back]")) {
    event.preventDefault();
    back();
  } else if (Date.now() - frames.born > 200000) download(event, target);
});

keepPlaying(freshAddress);
listenForKeys({
  "/": () => location.assign(`${document.querySelector("[data-back]").href}?q=`),
  Escape: back,
  "[": () => version(-1),
  "]": () => version(1),
});
followAirflowLinks();
new Live(root, seq, {
  only: { bucket: subject.bucket, key: subject.key },
  onArtifact: (artifact) => (artifact.id !== subject.id || artifact.seq > seq) && readAgain(),
  onReset: readAgain,
});
