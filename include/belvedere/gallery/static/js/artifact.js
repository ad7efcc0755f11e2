// One artifact's page: views, versions, what can be taken along, and changes without a reload.
import { mirrorMove } from "./airflow.js";
import { Tray } from "./compare_tray.js";
import { copyFrom } from "./copying.js";
import { Following } from "./following.js";
import { Frames, drawn } from "./frames.js";
import { listenForKeys } from "./keys.js";
import { Live } from "./live.js";
import { showLog } from "./log.js";
import { Rows } from "./rows.js";
import { keepPlaying } from "./player.js";
import { isTold } from "./progress.js";
import { fillAddresses } from "./share.js";
import { Tabs } from "./tabs.js";
import { Timeline } from "./timeline.js";

const root = document.documentElement.dataset.root;
const frames = new Frames(freshAddress);
const started = new WeakSet();
let subject = subjectOf(document);
// Work that goes on is followed until somebody chooses another version. That this one was overtaken ends nothing: a
// reading of the page may say so before the newer version is heard of.
let followed = goesOn(subject);
let tabs = new Tabs(document.getElementById("viewer"), openPanel);
let path = location.pathname;
let reading = null;
let wanted = false;
let chosen = [];

class Gone extends Error {}

function subjectOf(page) {
  return JSON.parse(page.getElementById("subject").textContent);
}

function goesOn(one) {
  return one.kind === "progress" && one.latest;
}

function placeIn(one) {
  return one.moments.findIndex((moment) => moment.id === one.id);
}

// What a tab needs is fetched when it is first looked at.
function openPanel(panel) {
  frames.open(panel);
  for (const [place, Part] of [["[data-rows]", (found) => new Rows(found)], ["[data-log]", showLog]]) {
    const found = panel.querySelector(place);
    if (!found || started.has(found)) continue;
    started.add(found);
    Part(found);
  }
}

// -- the page as it is now

async function pageNow(address = location.href) {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  if (response.status === 404) throw new Gone("it is not in the gallery any more, or you may no longer see its tenant");
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.getElementById("artifact")) throw new Error("you are not logged in any more: reload the page to log in");
  return { page, address: new URL(response.url).pathname };
}

// Signed addresses live a few minutes: take those of the page as it would be now.
async function freshAddress(name, old) {
  const now = await pageNow().catch(() => null);
  const same = [...(now?.page.querySelectorAll("[data-name]") ?? [])].find((one) => one.dataset.name === name);
  return same?.dataset.href ?? same?.getAttribute("href") ?? old;
}

// One reading at a time; what is asked for meanwhile is read next.
function bring() {
  wanted = true;
  reading ??= readAll();
  return reading;
}

async function readAll() {
  while (wanted) {
    wanted = false;
    const there = path;
    try {
      const { page, address } = await pageNow(there + location.search);
      if (path === there) path = address; // of a version that was overtaken the newest is shown
      show(page, address);
    } catch (error) {
      if (error instanceof Gone && there === location.pathname) gone(error.message);
      else note(`The page could not be brought up to date: ${error.message}.`);
      if (path === there) path = location.pathname;
      times.renew(subject.moments, placeIn(subject));
      times.place(placeIn(subject));
    }
  }
  reading = null;
}

function show(page, there) {
  const before = subject;
  const kept = document.activeElement?.matches?.("[data-slider], [data-play], [data-step]") ? document.activeElement : null;
  subject = subjectOf(page);
  const other = subject.id !== before.id;
  if (other) {
    const from = location.pathname;
    history.replaceState(history.state, "", there + location.search);
    mirrorMove(from);
    document.title = page.title;
  } else followed ||= goesOn(subject);
  swap(page, "head", () => true);
  swap(page, "panel", () => true);
  following.renew(page);
  markGoing();
  if (other) swap(page, "panels", () => true);
  const swapped = swap(page, "viewer", (here, there) => other || here.dataset.revision !== there.dataset.revision);
  frames.born = Date.now();
  if (swapped) tabs = new Tabs(swapped, openPanel);
  document.getElementById("artifact").dataset.seq = subject.seq;
  times.renew(subject.moments, placeIn(subject));
  markChosen();
  if (kept) refocus(kept);
}

function refocus(element) {
  const name = ["slider", "play", "step"].find((one) => one in element.dataset);
  const value = element.dataset[name] ? `="${element.dataset[name]}"` : "";
  const same = document.querySelector(`[data-${name}${value}]`);
  (same && !same.disabled ? same : document.querySelector("[data-slider]"))?.focus({ preventScroll: true });
}

function swap(page, id, differ) {
  const here = document.getElementById(id);
  const there = page.getElementById(id);
  if (!differ(here, there)) return null;
  const fresh = document.adoptNode(there);
  here.replaceWith(fresh);
  return fresh;
}

// Another version in the same view; the frame is waited for, so that the picture above it never gives way to nothing.
async function goTo(page) {
  following.leave();
  followed = false;
  path = page;
  await bring();
  followed = goesOn(subject);
  await Promise.race([frames.settled(), new Promise((resolve) => setTimeout(resolve, 2500))]);
}

function note(text, link = null) {
  const line = document.getElementById("note");
  line.hidden = false;
  line.replaceChildren(text, ...(link ? [" ", link] : []));
}

function gone(why) {
  const link = document.createElement("a");
  link.href = document.getElementById("share-newest").dataset.address;
  link.textContent = "Look for the newest version";
  note(`This cannot be shown any more: ${why}.`, link);
  document.getElementById("viewer").replaceChildren();
  document.getElementById("panel").replaceChildren();
  for (const act of document.querySelectorAll(".acts, .versions")) act.hidden = true;
}

// -- what people do

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

function compare() {
  document.dispatchEvent(new CustomEvent("belvedere:compare", { detail: { ids: [subject.id] } }));
}

function markChosen() {
  const button = document.querySelector("[data-compare]");
  button.setAttribute("aria-pressed", String(chosen.includes(subject.id)));
}

async function download(event, link) {
  event.preventDefault();
  location.assign(await freshAddress(link.dataset.name, link.getAttribute("href")));
}

function back() {
  const wall = document.querySelector("[data-back]");
  const camefrom = document.referrer && new URL(document.referrer);
  if (camefrom && camefrom.origin === location.origin && camefrom.pathname === new URL(wall.href).pathname) history.back();
  else location.assign(wall.href);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-rerender], [data-compare], [data-copies], [data-copies-field], a[data-name], [data-back], [data-version]");
  if (!target) return;
  if (target.matches("[data-rerender]")) renderAgain(target);
  else if (target.matches("[data-compare]")) compare();
  else if (target.matches("[data-copies]")) copyFrom(target, target.parentElement.querySelector("[data-copy]").textContent);
  else if (target.matches("[data-copies-field]")) {
    const field = target.parentElement.querySelector("input");
    copyFrom(target, field.value, field);
  } else if (target.matches("[data-back]")) {
    event.preventDefault();
    back();
  } else if (target.matches("[data-version]")) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goTo(target.getAttribute("href"));
  } else if (frames.stale) download(event, target);
});
document.addEventListener("beforetoggle", (event) => event.target.id === "share" && fillAddresses(event.target), true);

const times = new Timeline({
  moments: subject.moments,
  at: placeIn(subject),
  go: goTo,
  fresh: (old) => pageNow().then(({ page }) => subjectOf(page).moments, () => old),
});
const following = new Following(document.getElementById("following"), refresh);
keepPlaying(freshAddress);
listenForKeys({
  "/": () => location.assign(`${document.querySelector("[data-back]").href}?q=`),
  Escape: () => times.pause() || back(),
  c: compare,
  "[": () => times.step(-1),
  "]": () => times.step(1),
});
document.addEventListener("belvedere:chosen", (event) => {
  chosen = event.detail.ids;
  markChosen();
});
new Tray(root);

// -- what happens meanwhile

function heard(artifact) {
  if (artifact.id === subject.id && artifact.seq <= subject.seq) return;
  if (!follow(artifact)) refresh();
}

// Work that goes on is followed from version to version, as soon as there is something to see: also of a version that
// was overtaken while it was drawn, as long as nothing newer is there.
function follow(artifact) {
  const other = artifact.id !== subject.id;
  if (!following.going && !followed) return false;
  if (!other) return artifact.state === "superseded" || (artifact.state === "rendered" && !artifact.is_latest);
  if (isTold(artifact) && !times.busy) following.foretell(artifact);
  if (["queued", "rendering", "superseded"].includes(artifact.state)) return true;
  if (artifact.state !== "rendered") return false;
  const worthReading = artifact.is_latest || Date.parse(artifact.event_at) >= Date.parse(subject.at);
  if (worthReading) path = artifact.page;
  return !times.busy && following.take(artifact, worthReading);
}

// Of work that goes on any picture is overtaken at once: what moves above it is the newest.
function markGoing() {
  document.getElementById("artifact").classList.toggle("goes-on", following.going);
}

// Nothing moves under somebody who goes through the versions: where that ends, the page is read anyway.
function refresh() {
  if (!times.busy) bring();
}

const { seq, bucket, key } = subject;
drawn.then(() => new Live(root, seq, { only: { bucket, key }, onArtifact: heard, onReset: refresh }));
