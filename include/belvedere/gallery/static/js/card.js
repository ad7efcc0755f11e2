// One card: made from the template, then changed in place. Artifacts' texts only ever become text nodes.
import { Progress, hasProgress, isTold } from "./progress.js";
import { STATE_WORDS, age, size, split, visible } from "./words.js";

const UNDER_WAY = ["queued", "rendering"];
const PATIENCE_MS = 1500;

export function keyOf(artifact) {
  return `${artifact.bucket}\u0000${artifact.key}`;
}

// `drawn` is the card as the server has drawn it already: it is taken over as it is.
export function makeCard(template, artifact, refresh, drawn = null) {
  const cell = drawn ?? template.content.firstElementChild.cloneNode(true);
  const image = cell.querySelector("img");
  image.addEventListener("load", () => {
    image.parentElement.classList.add("has-picture");
    seen(cell);
  });
  image.addEventListener("error", () => lost(cell, refresh));
  if (drawn && image.hasAttribute("src")) takeOver(cell, artifact, refresh);
  showArtifact(cell, artifact);
  return cell;
}

// The picture is on its way, or has come already before anybody listened.
function takeOver(cell, artifact, refresh) {
  const image = cell.querySelector("img");
  cell.shown = artifact;
  cell.revision = revisionOf(artifact);
  cell.renewed = false;
  if (!image.complete) return;
  if (image.naturalWidth) image.parentElement.classList.add("has-picture");
  else image.decode().then(() => image.parentElement.classList.add("has-picture"), () => lost(cell, refresh));
}

function revisionOf(artifact) {
  return artifact.thumbnail ? `${artifact.id} ${artifact.rendered_at}` : "";
}

// A version of which only numbers are known hangs there as if it were drawn: progress is drawn from its numbers anyway.
function foretold(artifact) {
  return isTold(artifact) ? { ...artifact, state: "rendered" } : null;
}

// A newer version leaves what hangs there alone until its numbers or its own picture have come; only if that takes long
// the card says so. Otherwise the card of a step that writes ten times a second would do nothing but blink.
export function showArtifact(cell, artifact) {
  const { shown } = cell;
  cell.artifact = artifact;
  const early = foretold(artifact);
  if (!early && shown && shown.id !== artifact.id && shown.state === "rendered" && UNDER_WAY.includes(artifact.state)) {
    cell.pending ||= setTimeout(() => {
      cell.pending = 0;
      showState(cell, cell.artifact);
    }, PATIENCE_MS);
    return;
  }
  clearTimeout(cell.pending);
  cell.pending = 0;
  show(cell, early ?? artifact);
}

// Where versions come faster than pictures, each has been overtaken when its own is there: it is still the newest to see.
export function showOvertaken(cell, artifact) {
  const { shown } = cell;
  const newer = UNDER_WAY.includes(shown.state) || artifact.id === shown.id || Date.parse(artifact.event_at) > Date.parse(shown.event_at);
  const drawn = artifact.state === "rendered" && UNDER_WAY.includes(cell.artifact.state) ? artifact : foretold(artifact);
  if (newer && drawn) show(cell, drawn);
}

function show(cell, artifact) {
  cell.shown = artifact;
  const card = cell.firstElementChild;
  const { folder, name } = split(artifact.key);
  card.href = artifact.page;
  say(card, ".name", visible(name));
  say(card, ".folder", `${artifact.bucket}/${visible(folder)}`);
  say(card, ".kind", artifact.kind ? artifact.kind.replaceAll("_", " ") : "");
  say(card, ".verdict", artifact.verdict ? visible(artifact.verdict) : "");
  say(card, ".tenant", artifact.tenant);
  say(card, ".size", size(artifact.size));
  showState(cell, artifact);
  showPicture(cell, artifact);
  showAge(cell);
}

function showState(cell, artifact) {
  const card = cell.firstElementChild;
  card.dataset.state = artifact.state;
  say(card, ".state span", STATE_WORDS[artifact.state]);
}

export function showAge(cell) {
  const time = cell.querySelector("time");
  time.dateTime = cell.shown.event_at;
  const text = age(cell.shown.event_at);
  if (time.textContent !== text) time.textContent = text;
  if (cell.progress?.facts) cell.progress.tick(Date.now() - Date.parse(cell.shown.event_at));
}

// What stands where the picture will be: the reason where there is none to come, else how far it is.
function standInFor(artifact) {
  if (artifact.thumbnail) return "";
  if (artifact.error) return `${artifact.state === "unsupported" ? extension(artifact.key) : "Failed"}: ${visible(artifact.error.message)}`;
  return artifact.state === "rendered" ? extension(artifact.key) : STATE_WORDS[artifact.state];
}

function extension(key) {
  return /\.([A-Za-z0-9]{1,8})$/.exec(key)?.[1].toUpperCase() ?? "file";
}

function showPicture(cell, artifact) {
  const image = cell.querySelector("img");
  const standIn = cell.querySelector(".stand-in");
  if (showProgress(cell, artifact)) return;
  const revision = revisionOf(artifact);
  const words = standInFor(artifact);
  if (standIn.textContent !== words) standIn.textContent = words;
  if (cell.revision === revision) return;
  cell.revision = revision;
  cell.renewed = false;
  image.hidden = !artifact.thumbnail;
  if (artifact.thumbnail) {
    image.alt = `Picture: ${artifact.alt_text ?? artifact.title ?? artifact.key}`;
    image.src = artifact.thumbnail;
  } else {
    image.parentElement.classList.remove("has-picture");
    image.removeAttribute("src");
  }
}

// Progress is drawn from its facts: at once, in place, and without asking for a picture.
function showProgress(cell, artifact) {
  const thumb = cell.querySelector(".thumb");
  const going = artifact.state === "rendered" && hasProgress(artifact);
  thumb.classList.toggle("has-progress", going);
  if (!going) {
    cell.progress?.element.remove();
    cell.progress = null;
    return false;
  }
  cell.revision = "progress";
  cell.progress ??= new Progress(thumb);
  const rendering = `${artifact.id} ${artifact.rendered_at}`;
  if (cell.progress.rendering === rendering) return true;
  cell.progress.rendering = rendering;
  cell.progress.show(artifact);
  requestAnimationFrame(() => seen(cell));
  return true;
}

// Tells the meters that a picture has come to somebody's eyes.
function seen(cell) {
  document.dispatchEvent(new CustomEvent("belvedere:seen", { detail: cell.shown }));
}

// Signed addresses live a few minutes only: a picture that scrolls into view later needs a new one, once.
async function lost(cell, refresh) {
  const image = cell.querySelector("img");
  if (cell.renewed) {
    image.hidden = true;
    image.parentElement.classList.remove("has-picture");
    cell.querySelector(".stand-in").textContent = "picture not available";
    return;
  }
  cell.renewed = true;
  const artifact = await refresh(cell.shown.id);
  if (artifact?.thumbnail) image.src = artifact.thumbnail;
}

function say(card, selector, text) {
  const element = card.querySelector(selector);
  if (element.textContent !== text) element.textContent = text;
}
