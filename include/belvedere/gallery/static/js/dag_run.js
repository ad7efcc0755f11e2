// The artifacts of one run: cards that come and change by themselves while somebody looks.
import { makeCard, showAge, showArtifact } from "./card.js";

const ASK_MS = 2500;
const AGE_MS = 10000;

const root = document.documentElement.dataset.root;
const main = document.getElementById("main");
const template = document.getElementById("card");
const lists = { written: new Map(), rendered: new Map() };

async function again(id) {
  const response = await fetch(`${root}/api/artifacts/${id}`, { headers: { Accept: "application/json" } }).catch(() => null);
  return response?.ok ? response.json() : null;
}

function hang(name, artifacts) {
  const cells = lists[name];
  const section = document.getElementById(name);
  const list = section.querySelector("ul");
  const there = new Set(artifacts.map((artifact) => artifact.id));
  for (const [id, cell] of cells) {
    if (there.has(id)) continue;
    cell.remove();
    cells.delete(id);
  }
  artifacts.forEach((artifact, place) => {
    let cell = cells.get(artifact.id);
    if (!cell) {
      cell = makeCard(template, artifact, again);
      cells.set(artifact.id, cell);
    } else if (cell.artifact.seq !== artifact.seq) showArtifact(cell, artifact);
    if (list.children[place] !== cell) list.insertBefore(cell, list.children[place] ?? null);
  });
  section.hidden = !artifacts.length;
  section.querySelector("h2 .quiet").textContent = artifacts.length ? `(${artifacts.length})` : "";
}

function show({ written, rendered, more }) {
  hang("written", written);
  hang("rendered", rendered);
  document.getElementById("none").hidden = written.length + rendered.length > 0;
  document.getElementById("more").hidden = !more;
}

async function ask() {
  if (!document.hidden) {
    const response = await fetch(main.dataset.api, { headers: { Accept: "application/json" } }).catch(() => null);
    if (response?.status === 401) location.reload();
    if (response?.ok) show(await response.json());
    document.getElementById("trouble").hidden = Boolean(response?.ok);
  }
  setTimeout(ask, ASK_MS);
}

show(JSON.parse(document.getElementById("first").textContent));
setTimeout(ask, ASK_MS);
setInterval(() => Object.values(lists).forEach((cells) => cells.forEach(showAge)), AGE_MS);
