// The search's combobox: completes the term the caret stands in; arrows choose, enter or tab takes, escape closes.
import { visible } from "./words.js";

const WAIT_MS = 120;
const TERM = /-?(?:"(?:[^"\\]|\\.)*"?|[^\s"])+/g;

export class SearchBox {
  constructor(root, box) {
    this.root = root;
    this.input = box.querySelector("input");
    this.list = box.querySelector("[role=listbox]");
    this.said = box.querySelector("[role=status]");
    this.active = -1;
    this.timer = 0;
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.take(Number(option.dataset.number));
    });
  }

  // What the server could not understand stands below the box; the cards stay as they were.
  complain(message) {
    this.said.textContent = message.replace(/^q: /, "");
    this.input.setAttribute("aria-invalid", String(message !== ""));
  }

  term() {
    const at = this.input.selectionStart ?? this.input.value.length;
    for (const found of this.input.value.matchAll(TERM)) {
      const end = found.index + found[0].length;
      if (found.index <= at && at <= end) return { text: found[0], start: found.index, end };
    }
    return { text: "", start: at, end: at };
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  async ask() {
    const { text } = this.term();
    const asked = (this.asked = {});
    const query = new URLSearchParams({ term: text.slice(0, 200) });
    const response = await fetch(`${this.root}/api/complete?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
    const found = response?.ok ? (await response.json()).completions : [];
    if (asked !== this.asked || document.activeElement !== this.input) return;
    this.show(found.filter((one) => one.text !== text));
  }

  show(completions) {
    this.completions = completions;
    this.active = -1;
    this.list.replaceChildren(...completions.map(option));
    this.open(completions.length > 0);
  }

  open(open) {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    if (!open) this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    clearTimeout(this.timer);
    this.asked = null;
    this.open(false);
  }

  key(event) {
    const open = !this.list.hidden;
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (open) this.move(key === "ArrowDown" ? 1 : -1);
      else this.ask();
    } else if (open && (key === "Enter" || key === "Tab") && this.active >= 0) {
      event.preventDefault();
      this.take(this.active);
    } else if (open && key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (key === "Enter") this.close();
  }

  move(by) {
    const options = [...this.list.children];
    this.active = (this.active + by + options.length + (this.active < 0 && by < 0 ? 1 : 0)) % options.length;
    options.forEach((one, number) => one.setAttribute("aria-selected", String(number === this.active)));
    const chosen = options[this.active];
    this.input.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }

  take(number) {
    const { text } = this.completions[number];
    const { start, end } = this.term();
    const goesOn = /[:>]$/.test(text);
    const { value } = this.input;
    const rest = value.slice(end).trimStart();
    const before = value.slice(0, start) + text + (goesOn ? "" : " ");
    this.input.value = before + rest;
    this.input.setSelectionRange(before.length, before.length);
    this.close();
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function option({ label, detail }, number) {
  const made = document.createElement("li");
  made.id = `completion-${number}`;
  made.role = "option";
  made.dataset.number = number;
  made.setAttribute("aria-selected", "false");
  const name = document.createElement("bdi");
  name.textContent = visible(label);
  const more = document.createElement("span");
  more.className = "quiet";
  more.textContent = detail;
  made.append(name, more);
  return made;
}
