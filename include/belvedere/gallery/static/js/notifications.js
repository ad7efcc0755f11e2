// The page of notifications: lists subscriptions, adds, tries, changes and removes them.
import { SubscriptionCard } from "./subscription.js";

const REFRESH_MS = 4000;
const SOON_MS = 700;

const section = document.getElementById("subscriptions");
const list = document.getElementById("list");
const trouble = document.getElementById("trouble");
const secret = document.getElementById("secret");
const cards = new Map();
let timer = 0;

// Ask the gallery; what is wrong stands above the list, and whoever asked gets null.
export async function ask(path, method = "GET", body = undefined) {
  const headers = { Accept: "application/json", "X-Belvedere": "page" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const request = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  const response = await fetch(section.dataset.api + path, request).catch(() => null);
  const answer = response && response.status !== 204 ? await response.json().catch(() => null) : {};
  if (response?.ok) {
    trouble.hidden = true;
    return answer;
  }
  trouble.textContent = answer?.detail ?? "The gallery does not answer. Try again in a moment.";
  trouble.hidden = false;
  return null;
}

export function showSecret(text) {
  secret.querySelector("code").textContent = text;
  secret.hidden = false;
  secret.focus();
}

export function refreshSoon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, SOON_MS);
}

function draw(subscriptions) {
  const there = new Set(subscriptions.map((one) => one.id));
  for (const [id, card] of cards) {
    if (there.has(id)) continue;
    card.element.remove();
    cards.delete(id);
  }
  for (const subscription of subscriptions) {
    const known = cards.get(subscription.id);
    if (known) known.update(subscription);
    else {
      const card = new SubscriptionCard(subscription, { ask, showSecret, refreshSoon, mayChange: "mayChange" in section.dataset });
      cards.set(subscription.id, card);
      list.append(card.element);
    }
  }
  document.getElementById("none").hidden = subscriptions.length > 0;
  section.classList.remove("drawing");
}

async function refresh() {
  clearTimeout(timer);
  if (!document.hidden) {
    const response = await fetch(section.dataset.api, { headers: { Accept: "application/json" } }).catch(() => null);
    if (response?.ok) draw((await response.json()).subscriptions);
  }
  timer = setTimeout(refresh, REFRESH_MS);
}

function wishOf(form) {
  const fields = new FormData(form);
  return {
    url: fields.get("url").trim(),
    events: fields.getAll("events"),
    kinds: fields.get("kinds").split(/[\s,]+/).filter(Boolean),
    prefix: fields.get("prefix"),
    mode: fields.get("mode"),
    description: fields.get("description").trim(),
  };
}

function mark(form) {
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  const named = trouble.hidden ? null : form.elements[trouble.textContent.split(":")[0]];
  if (!(named instanceof HTMLElement)) return;
  named.setAttribute("aria-invalid", "true");
  named.focus();
}

async function add(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.disabled = true;
  const made = await ask("", "POST", wishOf(form));
  button.disabled = false;
  mark(form);
  if (!made) return;
  form.reset();
  showSecret(made.secret);
  refresh();
}

document.querySelector("[data-tenant]")?.addEventListener("change", (event) => event.currentTarget.requestSubmit());
if (section) {
  draw(JSON.parse(document.getElementById("first").textContent).subscriptions);
  document.getElementById("new")?.addEventListener("submit", add);
  secret.querySelector("[data-close]").addEventListener("click", () => {
    secret.hidden = true;
    secret.querySelector("code").textContent = "";
  });
  secret.querySelector("[data-copy]").addEventListener("click", async (event) => {
    const button = event.target;
    const copied = await navigator.clipboard?.writeText(secret.querySelector("code").textContent).then(() => true, () => false);
    button.textContent = copied ? "Copied" : "Select and copy it";
  });
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  timer = setTimeout(refresh, REFRESH_MS);
}
