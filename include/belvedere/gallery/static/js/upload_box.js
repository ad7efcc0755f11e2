// The upload box: files and folders, dropped or chosen, two at a time; each tells how far it is, then shows its card.
import { STATE_WORDS, size, visible } from "./words.js";

const AT_ONCE = 2;
const BUSY_MS = 1500;
const MOST_TRIES = 20;
const MOST_FILES = 500;
const LOOK_MS = 400;
const SLOWEST_LOOK_MS = 2500;
const GIVE_UP_MS = 90000;
const FINAL = new Set(["rendered", "dead", "unsupported", "deleted", "superseded"]);

function made(name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

export class UploadBox {
  // `uploads` is what GET /api/uploads answers.
  constructor(place, root, uploads) {
    Object.assign(this, { place, root, uploads, queue: [], running: 0, total: 0, done: 0 });
    this.build();
  }

  build() {
    const box = made("div", "upload-box");
    const where = made("label", "upload-where");
    this.target = made("select", "");
    for (const { tenant, bucket } of this.uploads.targets) {
      const option = made("option", "", tenant === bucket ? tenant : `${tenant}: ${bucket}`);
      option.value = JSON.stringify({ tenant, bucket });
      this.target.append(option);
    }
    where.append(made("span", "quiet", "Into the bucket of"), this.target);
    this.drop = made("div", "upload-drop");
    const buttons = made("div", "actions");
    buttons.append(this.chooser("Choose files", {}), this.chooser("Choose a folder", { webkitdirectory: true }));
    this.drop.append(made("strong", "", "Drop files or folders here"), made("p", "", `up to ${size(this.uploads.max_bytes)} each`), buttons);
    this.summary = made("p", "quiet");
    this.summary.setAttribute("role", "status");
    this.list = made("ul", "upload-list");
    this.list.setAttribute("aria-label", "Uploads");
    box.append(where, this.drop, this.summary, this.list);
    this.place.replaceChildren(box);
    this.listen();
  }

  chooser(label, options) {
    const button = made("button", label === "Choose files" ? "primary" : "", label);
    button.type = "button";
    const input = made("input", "");
    Object.assign(input, { type: "file", multiple: true, hidden: true }, options);
    input.addEventListener("change", () => {
      this.take([...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
      input.value = "";
    });
    button.addEventListener("click", () => input.click());
    const both = made("span", "");
    both.append(button, input);
    return both;
  }

  listen() {
    const over = (on) => (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.drop.classList.toggle("over", on);
    };
    for (const name of ["dragenter", "dragover"]) this.place.addEventListener(name, over(true));
    this.place.addEventListener("dragleave", over(false));
    this.place.addEventListener("drop", (event) => {
      over(false)(event);
      event.stopPropagation();
      this.dropped(event.dataTransfer);
    });
  }

  async dropped(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = entries.length ? (await Promise.all(entries.map(filesIn))).flat() : [...transfer.files].map((file) => ({ file, name: file.name }));
    this.take(files);
  }

  take(files) {
    if (files.length > MOST_FILES) this.note(`Only the first ${MOST_FILES} of ${files.length.toLocaleString("en")} files are taken: use an S3 client for more.`);
    for (const { file, name } of files.slice(0, MOST_FILES)) {
      const upload = { file, name, row: this.row(name, file.size), ...JSON.parse(this.target.value) };
      this.total += 1;
      if (file.size > this.uploads.max_bytes) {
        this.fail(upload, `larger than ${size(this.uploads.max_bytes)}: put it into the bucket with mc or an S3 client`);
      } else this.queue.push(upload);
    }
    this.pump();
  }

  row(name, bytes) {
    const row = made("li", "upload-file");
    row.append(made("span", "upload-picture", /\.([A-Za-z0-9]{1,6})$/.exec(name)?.[1].toUpperCase() ?? "file"));
    const title = made("bdi", "upload-name", visible(name));
    const link = made("a", "", "Open");
    link.hidden = true;
    link.setAttribute("aria-label", `Open ${visible(name)}`);
    const bar = made("progress", "");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `Upload of ${visible(name)}`);
    row.append(title, link, made("span", "upload-said", `waits, ${size(bytes)}`), bar);
    this.list.prepend(row);
    return row;
  }

  pump() {
    while (this.running < AT_ONCE && this.queue.length) {
      this.running += 1;
      this.send(this.queue.shift()).finally(() => {
        this.running -= 1;
        this.pump();
      });
    }
    this.sum();
  }

  async send(upload, tries = 0) {
    const { status, body } = await this.post(upload);
    if (status === 201) {
      this.done += 1;
      this.arrived(upload, body);
    } else if (status === 503 && tries < MOST_TRIES) {
      say(upload.row, "waits: other uploads are under way");
      await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      await this.send(upload, tries + 1);
    } else if (status === 401) this.fail(upload, "your login has ended: reload the page and log in again");
    else this.fail(upload, body?.detail ?? "the connection was lost on the way; try it again");
  }

  post({ file, name, row, tenant, bucket }) {
    const query = new URLSearchParams({ tenant, bucket, name });
    const bar = row.querySelector("progress");
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", `${this.root}/api/uploads?${query}`);
      request.setRequestHeader("X-Belvedere", "upload");
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      request.responseType = "json";
      request.upload.addEventListener("progress", ({ loaded, total }) => {
        bar.value = total ? loaded / total : 0;
        say(row, loaded < total ? `${size(loaded)} of ${size(total)}` : "is being stored");
      });
      request.addEventListener("loadend", () => resolve({ status: request.status, body: request.response }));
      request.send(file);
    });
  }

  arrived(upload, told) {
    upload.row.querySelector("progress").hidden = true;
    upload.row.dataset.level = "good";
    say(upload.row, "stored; its card is about to appear");
    this.sum();
    this.watch(upload.row, told, Date.now(), LOOK_MS);
  }

  // From here on the loop does the rest: its card appears, and then its picture.
  async watch(row, told, since, wait) {
    const response = await fetch(`${this.root}/api/artifacts/${told.artifact_id}`, { headers: { Accept: "application/json" } }).catch(() => null);
    const artifact = response?.ok ? await response.json() : null;
    if (artifact) showCard(row, artifact);
    if (artifact && FINAL.has(artifact.state)) return;
    if (Date.now() - since > GIVE_UP_MS) {
      if (!artifact) say(row, "stored, but its event has not come yet: it will hang on the wall later");
      return;
    }
    setTimeout(() => this.watch(row, told, since, Math.min(wait * 1.3, SLOWEST_LOOK_MS)), wait);
  }

  fail({ row }, why) {
    row.querySelector("progress").hidden = true;
    row.dataset.level = "bad";
    say(row, `Not uploaded: ${why}`);
    this.sum();
  }

  sum() {
    const open = this.queue.length + this.running;
    if (this.total) this.note(open ? `${this.done} of ${this.total} uploaded` : `${this.done} of ${this.total} uploaded, nothing waits`);
  }

  note(text) {
    this.summary.textContent = text;
  }
}

function say(row, text) {
  row.querySelector(".upload-said").textContent = text;
}

function showCard(row, artifact) {
  const link = row.querySelector("a");
  link.href = artifact.page;
  link.hidden = false;
  const failed = artifact.state === "dead" || artifact.state === "failed";
  row.dataset.level = failed ? "bad" : "good";
  const words = artifact.error?.message ?? [artifact.kind?.replaceAll("_", " "), artifact.verdict].filter(Boolean).join(", ");
  say(row, visible([STATE_WORDS[artifact.state], words].filter(Boolean).join(": ")));
  if (!artifact.thumbnail || row.querySelector("img")) return;
  const image = made("img", "");
  image.alt = "";
  image.src = artifact.thumbnail;
  row.querySelector(".upload-picture").replaceChildren(image);
}

// What a dropped file or folder holds, with names from the folder on.
async function filesIn(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    return file ? [{ file, name: entry.fullPath.replace(/^\//, "") }] : [];
  }
  const reader = entry.createReader();
  const inside = [];
  for (;;) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length || inside.length > MOST_FILES) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.map(filesIn))).flat();
}
