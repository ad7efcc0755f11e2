// The tray of artifacts chosen for a comparison: in this tab's memory and in the address, on every page that shows it.
//
// `belvedere:compare` on the document, with `detail.ids`, chooses artifacts or puts them back; `belvedere:chosen` tells
// all that are chosen, at the start and after each change.
import { mirrorAddress } from "./airflow.js";
import { split, visible } from "./words.js";

const KEPT = "belvedere.compare";
const LEAST = 2;
const MOST = 8;
const LETTERS = "ABCDEFGH";
const ID = /^[0-9a-f]{24}$/;

export class Tray {
  constructor(root) {
    this.root = root;
    this.names = new Map();
    this.ids = this.remembered();
    this.element = this.build();
    document.addEventListener("belvedere:compare", (event) => this.toggle(event.detail?.ids ?? []));
    addEventListener("pageshow", (event) => event.persisted && this.again());
    this.show();
  }

  remembered() {
    const asked = new URLSearchParams(location.search).get("compare");
    let kept = [];
    try {
      kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    } catch {
      kept = [];
    }
    const ids = asked === null ? kept : asked.split(",");
    return [...new Set(Array.isArray(ids) ? ids : [])].filter((id) => ID.test(id)).slice(0, MOST);
  }

  again() {
    this.ids = this.remembered();
    this.show();
  }

  toggle(ids) {
    for (const id of ids.filter((one) => ID.test(one))) {
      if (this.ids.includes(id)) this.ids = this.ids.filter((one) => one !== id);
      else if (this.ids.length < MOST) this.ids.push(id);
      else this.full = true;
    }
    this.keep();
    this.show();
  }

  clear() {
    this.ids = [];
    this.keep();
    this.show();
  }

  keep() {
    sessionStorage.setItem(KEPT, JSON.stringify(this.ids));
    const query = new URLSearchParams(location.search);
    if (this.ids.length) query.set("compare", this.ids.join(","));
    else query.delete("compare");
    const text = query.toString().replaceAll("%2C", ",");
    history.replaceState(history.state, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
    mirrorAddress();
  }

  build() {
    const tray = document.createElement("aside");
    tray.className = "tray";
    tray.hidden = true;
    tray.setAttribute("aria-label", "Chosen for a comparison");
    const title = document.createElement("h2");
    title.textContent = "Compare";
    this.list = document.createElement("ul");
    this.said = document.createElement("p");
    this.said.className = "quiet";
    this.said.setAttribute("role", "status");
    this.link = document.createElement("a");
    this.link.className = "button primary";
    this.link.textContent = "Compare";
    const clear = document.createElement("button");
    clear.type = "button";
    clear.textContent = "Clear";
    clear.addEventListener("click", () => this.clear());
    tray.append(title, this.list, this.said, this.link, clear);
    document.body.append(tray);
    return tray;
  }

  show() {
    this.element.hidden = this.ids.length === 0;
    document.body.classList.toggle("has-tray", this.ids.length > 0);
    const here = new Map([...this.list.children].map((item) => [item.dataset.id, item]));
    this.list.replaceChildren(...this.ids.map((id, at) => this.item(here.get(id), id, at)));
    const enough = this.ids.length >= LEAST;
    this.link.hidden = !enough;
    if (enough) this.link.href = `${this.root}/compare?ids=${this.ids.join(",")}`;
    if (this.full) this.said.textContent = `At most ${MOST} are compared.`;
    else this.said.textContent = enough ? "" : "Choose one more (key c).";
    this.full = false;
    document.dispatchEvent(new CustomEvent("belvedere:chosen", { detail: { ids: [...this.ids] } }));
  }

  item(known, id, at) {
    const item = known ?? this.newItem(id);
    item.firstElementChild.textContent = LETTERS[at];
    return item;
  }

  newItem(id) {
    const item = document.createElement("li");
    item.dataset.id = id;
    const letter = document.createElement("span");
    letter.className = "letter";
    const name = document.createElement("bdi");
    name.textContent = "…";
    const out = document.createElement("button");
    out.type = "button";
    out.textContent = "×";
    out.setAttribute("aria-label", "Leave out");
    out.addEventListener("click", () => this.toggle([id]));
    item.append(letter, name, out);
    this.name(id).then((text) => {
      name.textContent = text;
      item.title = text;
      out.setAttribute("aria-label", `Leave out ${text}`);
    });
    return item;
  }

  async name(id) {
    if (!this.names.has(id)) {
      const response = await fetch(`${this.root}/api/artifacts/${id}`, { headers: { Accept: "application/json" } }).catch(() => null);
      const body = response?.ok ? await response.json() : null;
      this.names.set(id, body ? visible(split(body.key).name) : "not there any more");
    }
    return this.names.get(id);
  }
}
