// A tenant's credentials on its page: asked for once, never in the page's HTML, gone after a minute or on leaving.
const SHOWN_SECONDS = 60;

export class Credentials {
  constructor(panel) {
    this.api = panel.dataset.api;
    this.places = [...panel.querySelectorAll("[data-secret]")];
    this.veils = new Map(this.places.map((place) => [place, [...place.childNodes]]));
    this.box = panel.querySelector(".reveal");
    this.bar = this.box.querySelector("progress");
    this.said = panel.querySelector("[data-said]");
    this.before = [...this.said.childNodes];
    this.trouble = panel.querySelector("[data-trouble]");
    this.shows = panel.querySelector("[data-show]");
    this.hides = panel.querySelector("[data-hide]");
    this.timer = 0;
    this.shows.addEventListener("click", () => this.show());
    this.hides.addEventListener("click", () => this.hide());
    addEventListener("pagehide", () => this.hide());
  }

  async show() {
    this.shows.disabled = true;
    this.trouble.hidden = true;
    const answer = await this.ask();
    this.shows.disabled = false;
    if (!answer) return;
    for (const place of this.places) this.fill(place, answer);
    this.box.dataset.open = "";
    this.toggle(true);
    this.said.textContent = "Shown for a minute. That you looked is written down below.";
    this.until = Date.now() + SHOWN_SECONDS * 1000;
    this.timer = setInterval(() => this.tick(), 500);
    this.tick();
    this.hides.focus();
  }

  // Returns whether there was anything to hide.
  hide() {
    if (!this.timer) return false;
    clearInterval(this.timer);
    this.timer = 0;
    const focused = document.activeElement === this.hides;
    for (const [place, veil] of this.veils) {
      place.replaceChildren(...veil);
      delete place.dataset.shown;
      this.copiable(place, false);
    }
    delete this.box.dataset.open;
    this.toggle(false);
    this.said.replaceChildren(...this.before);
    if (focused) this.shows.focus();
    return true;
  }

  tick() {
    const left = (this.until - Date.now()) / 1000;
    if (left <= 0) this.hide();
    else this.bar.value = left;
  }

  fill(place, answer) {
    const [system, name] = place.dataset.secret.split(".");
    const text = answer[system]?.[name];
    if (text === undefined) return;
    place.replaceChildren(text);
    place.dataset.shown = "";
    this.copiable(place, true);
  }

  copiable(place, yes) {
    const button = place.closest("dd")?.querySelector("[data-copy]");
    if (button) button.disabled = !yes;
  }

  toggle(open) {
    this.shows.hidden = open;
    this.hides.hidden = !open;
  }

  async ask() {
    const headers = { Accept: "application/json", "X-Belvedere": "credentials" };
    const response = await fetch(this.api, { method: "POST", headers, cache: "no-store" }).catch(() => null);
    const answer = await response?.json().catch(() => null);
    if (response?.ok && answer) return answer;
    this.trouble.textContent = answer?.detail ?? "The gallery does not answer. Try again in a moment.";
    this.trouble.hidden = false;
    return null;
  }
}
