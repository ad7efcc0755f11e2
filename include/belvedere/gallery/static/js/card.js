// One card: made from the template, then changed in place. Artifacts' texts only ever become text nodes.
import { STATE_WORDS, age, size, split, visible } from "./words.js";

export function keyOf(artifact) {
  return `${artifact.bucket}\u0000${artifact.key}`;
}

export function makeCard(template, artifact, refresh) {
  const cell = template.content.firstElementChild.cloneNode(true);
  const image = cell.querySelector("img");
  image.addEventListener("load", () => image.parentElement.classList.add("has-picture"));
  image.addEventListener("error", () => lost(cell, refresh));
  showArtifact(cell, artifact);
  return cell;
}

export function showArtifact(cell, artifact) {
  cell.artifact = artifact;
  const card = cell.firstElementChild;
  const { folder, name } = split(artifact.key);
  card.href = artifact.page;
  card.dataset.state = artifact.state;
  say(card, ".name", visible(name));
  say(card, ".folder", `${artifact.bucket}/${visible(folder)}`);
  say(card, ".kind", artifact.kind ? artifact.kind.replaceAll("_", " ") : "");
  say(card, ".verdict", artifact.verdict ? visible(artifact.verdict) : "");
  say(card, ".state span", STATE_WORDS[artifact.state]);
  say(card, ".tenant", artifact.tenant);
  say(card, ".size", size(artifact.size));
  showAge(cell);
  showPicture(cell, artifact);
}

export function showAge(cell) {
  const time = cell.querySelector("time");
  time.dateTime = cell.artifact.event_at;
  const text = age(cell.artifact.event_at);
  if (time.textContent !== text) time.textContent = text;
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
  const revision = artifact.thumbnail ? `${artifact.id} ${artifact.rendered_at}` : "";
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
  const artifact = await refresh(cell.artifact.id);
  if (artifact?.thumbnail) image.src = artifact.thumbnail;
}

function say(card, selector, text) {
  const element = card.querySelector(selector);
  if (element.textContent !== text) element.textContent = text;
}
