// Saved views: a panel of links, and a form that keeps the present filters under a name.
import { visible } from "./words.js";

const HEADERS = { "Content-Type": "application/json", Accept: "application/json", "X-Belvedere": "wall" };

export class SavedViews {
  constructor(root, filters, views) {
    Object.assign(this, { root, filters, views });
    this.list = document.getElementById("view-list");
    this.form = document.getElementById("view-form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.keep();
    });
    this.show();
  }

  show() {
    this.list.replaceChildren(...this.views.map((view) => this.entry(view)));
    document.getElementById("no-views").hidden = this.views.length > 0;
  }

  entry(view) {
    const made = document.createElement("li");
    const link = document.createElement("a");
    link.href = view.page;
    const name = document.createElement("bdi");
    name.textContent = visible(view.name);
    link.append(name);
    const whose = document.createElement("span");
    whose.className = "quiet";
    whose.textContent = view.mine ? (view.tenant ? `shared in ${view.tenant}` : "") : `${view.owner}, ${view.tenant}`;
    made.append(link, whose);
    if (view.mine) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain";
      button.textContent = "Forget";
      button.setAttribute("aria-label", `Forget the view ${view.name}`);
      button.addEventListener("click", () => this.forget(view));
      made.append(button);
    }
    return made;
  }

  async keep() {
    const { name, tenant } = this.form.elements;
    const wanted = { name: name.value, query: this.filters.address, tenant: tenant?.value || null };
    const kept = await this.ask("POST", "", wanted);
    if (!kept) return;
    this.views = [...this.views.filter((view) => view.id !== kept.id), kept].sort((a, b) => a.name.localeCompare(b.name));
    this.form.reset();
    this.say("Kept.");
    this.show();
  }

  async forget(view) {
    if (!(await this.ask("DELETE", `/${view.id}`))) return;
    this.views = this.views.filter((other) => other !== view);
    this.say("Forgotten.");
    this.show();
    this.form.elements.name.focus();
  }

  async ask(method, path, body) {
    const request = { method, headers: HEADERS, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${this.root}/api/views${path}`, request).catch(() => null);
    if (!response) return this.say("The gallery does not answer: try again in a moment.");
    if (response.ok) return response.status === 204 ? true : response.json();
    return this.say((await response.json()).detail);
  }

  say(text) {
    this.form.querySelector(".said").textContent = text;
    return null;
  }
}
