// Uploads from the wall: files dragged over it open a small panel in the corner; so does [data-upload].
import { UploadBox } from "./upload_box.js";

const root = document.documentElement.dataset.root;
let panel = null;
let opening = null;

function open() {
  opening ??= build();
  return opening;
}

async function build() {
  const response = await fetch(`${root}/api/uploads`, { headers: { Accept: "application/json" } }).catch(() => null);
  const uploads = response?.ok ? await response.json() : null;
  if (!uploads?.targets.length) {
    opening = null;
    return null;
  }
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("../css/upload.css", import.meta.url).href;
  await new Promise((resolve) => {
    style.onload = style.onerror = resolve;
    document.head.append(style);
  });
  panel = document.createElement("aside");
  panel.className = "upload-panel";
  panel.setAttribute("aria-label", "Upload");
  panel.tabIndex = -1;
  const head = document.createElement("div");
  head.className = "upload-head";
  const title = document.createElement("h2");
  title.textContent = "Upload";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "plain";
  close.textContent = "Close";
  close.addEventListener("click", () => (panel.hidden = true));
  head.append(title, close);
  const place = document.createElement("div");
  panel.append(head, place);
  document.body.append(panel);
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    panel.hidden = true;
  });
  return new UploadBox(place, root, uploads);
}

async function show() {
  const box = await open();
  if (panel) panel.hidden = false;
  return box;
}

const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragenter", (event) => holdsFiles(event) && show());
document.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
document.addEventListener("drop", async (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  const { items, files, types } = event.dataTransfer;
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const kept = { items: entries.map((entry) => ({ webkitGetAsEntry: () => entry })), files: [...files], types };
  (await show())?.dropped(kept);
});
document.addEventListener("click", async (event) => {
  if (!event.target.closest?.("[data-upload]")) return;
  event.preventDefault();
  if (await show()) panel.focus();
  else location.assign(`${root}/upload`);
});
