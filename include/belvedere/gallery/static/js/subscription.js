// One subscription: what it is, how it does, what can be done with it, and its last messages.
import { age, visible } from "./words.js";

const EVENT_WORDS = { ready: "reports that are ready", failed: "failures" };
const STATE_LEVELS = { delivered: "good", waiting: "busy", dead: "bad" };
const STATE_WORDS = { delivered: "arrived", waiting: "waiting", dead: "given up" };
const ASKING_MS = 6000;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function name(text) {
  return element("bdi", { textContent: visible(text) });
}

export class SubscriptionCard {
  constructor(subscription, { ask, showSecret, refreshSoon, mayChange }) {
    Object.assign(this, { ask, showSecret, refreshSoon });
    this.title = element("h3");
    this.tag = element("span", { className: "tag" });
    this.said = element("p", { className: "subscription-said" });
    this.counts = element("p", { className: "counts" });
    this.problem = element("p", { className: "trouble" });
    this.messages = element("div", { className: "messages", hidden: true });
    this.buttons = element("p", { className: "actions" });
    this.element = element("li", { className: "box subscription" });
    this.element.dataset.id = subscription.id;
    const head = element("div", { className: "subscription-head" }, this.title, this.tag);
    this.element.append(head, this.said, this.counts, this.problem, this.buttons, this.messages);
    this.shows = this.button("Messages", () => this.toggleMessages());
    this.shows.setAttribute("aria-expanded", "false");
    if (mayChange) this.addChanges();
    this.update(subscription);
  }

  addChanges() {
    this.button("Send a test", () => this.act("/ping", "POST"));
    this.again = this.button("Send given up ones again", () => this.act("/redrive", "POST", {}));
    this.power = this.button("", () => this.act("", "PUT", this.changed({ enabled: !this.subscription.enabled })));
    this.button("New secret", async () => {
      const rotated = await this.act("/rotate", "POST");
      if (rotated) this.showSecret(rotated.secret);
    });
    const remove = this.button("Remove", () => {
      if (remove.dataset.sure) return this.act("", "DELETE");
      remove.dataset.sure = "yes";
      remove.textContent = "Remove for good?";
      setTimeout(() => {
        delete remove.dataset.sure;
        remove.textContent = "Remove";
      }, ASKING_MS);
      return null;
    });
    remove.className = "danger";
  }

  button(text, action) {
    const made = element("button", { type: "button", textContent: text });
    made.addEventListener("click", async () => {
      made.disabled = true;
      await action();
      made.disabled = false;
    });
    this.buttons.append(made);
    return made;
  }

  async act(path, method, body) {
    const answer = await this.ask(`/${this.subscription.id}${path}`, method, body);
    if (answer) this.refreshSoon();
    return answer;
  }

  changed(changes) {
    const { url, events, kinds, prefix, mode, description, enabled } = this.subscription;
    return { url, events, kinds, prefix, mode, description, enabled, ...changes };
  }

  update(subscription) {
    this.subscription = subscription;
    this.title.replaceChildren(name(subscription.url));
    const resting = subscription.enabled && subscription.retry_at && Date.parse(subscription.retry_at) > Date.now();
    this.tag.textContent = subscription.enabled ? (subscription.problem ? "failing" : "on") : "off";
    this.tag.dataset.level = subscription.enabled ? (subscription.problem ? "bad" : "good") : "warn";
    this.said.replaceChildren(...this.words());
    const arrived = subscription.delivered_at ? `, last ${age(subscription.delivered_at)} ago` : "";
    this.counts.replaceChildren(
      element("span", { textContent: `${subscription.delivered.toLocaleString()} arrived${arrived}` }),
      element("span", { textContent: `${subscription.waiting.toLocaleString()} waiting` }),
      element("span", { textContent: `${subscription.dead.toLocaleString()} given up` }),
    );
    const next = resting ? ` Tried again at ${new Date(subscription.retry_at).toLocaleTimeString()}.` : "";
    this.problem.textContent = subscription.problem ? visible(`${subscription.problem}.${next}`) : "";
    this.problem.hidden = !subscription.problem;
    if (this.power) this.power.textContent = subscription.enabled ? "Turn off" : "Turn on";
    if (this.again) this.again.hidden = !subscription.dead;
    if (!this.messages.hidden) this.loadMessages();
  }

  words() {
    const { events, kinds, prefix, mode, description, created_by } = this.subscription;
    const said = [`Tells of ${events.map((event) => EVENT_WORDS[event]).join(" and ")}`];
    said.push(kinds.length ? `, kinds ${kinds.join(", ")}` : "");
    if (prefix) said.push(", keys beginning with ", name(prefix));
    said.push(mode === "structured" ? ", as one document. " : ". ", "Added by ", name(created_by), ".");
    if (description) said.push(" ", name(description));
    return said.filter(Boolean);
  }

  async toggleMessages() {
    this.messages.hidden = !this.messages.hidden;
    this.shows.setAttribute("aria-expanded", String(!this.messages.hidden));
    if (!this.messages.hidden) await this.loadMessages();
  }

  async loadMessages() {
    const answer = await this.ask(`/${this.subscription.id}/deliveries`);
    if (!answer) return;
    if (!answer.deliveries.length) {
      this.messages.replaceChildren(element("p", { className: "quiet", textContent: "No message yet." }));
      return;
    }
    const titles = ["About", "State", "Tries", "Age", "Answer"].map((text) => element("th", { scope: "col", textContent: text }));
    const rows = answer.deliveries.map((delivery) => this.row(delivery));
    const table = element("table", { className: "things" }, element("thead", {}, element("tr", {}, ...titles)), element("tbody", {}, ...rows));
    const scroller = element("div", { className: "scroller", tabIndex: 0 }, table);
    scroller.setAttribute("role", "region");
    scroller.setAttribute("aria-label", "The last messages");
    this.messages.replaceChildren(scroller);
  }

  row(delivery) {
    const tag = element("span", { className: "tag", textContent: STATE_WORDS[delivery.state] });
    tag.dataset.level = STATE_LEVELS[delivery.state];
    const about = delivery.type.endsWith(".ping") ? "a test" : name(delivery.subject);
    const answer = delivery.problem ? visible(delivery.problem) : delivery.status ?? "";
    return element(
      "tr",
      {},
      element("td", { className: "wide" }, about),
      element("td", {}, tag),
      element("td", { className: "number", textContent: delivery.attempts }),
      element("td", { className: "number", textContent: age(delivery.created_at) }),
      element("td", { className: "wide", textContent: answer }),
    );
  }
}
