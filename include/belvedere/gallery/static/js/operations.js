// The operations page: sections that change are swapped in place; what failed is driven again.
import { listenForKeys } from "./keys.js";
import { followSections, refresh } from "./live_sections.js";

const EVERY_MS = 2000;
const FIRST_MS = 800;
const MOST_ROUNDS = 40;
const root = document.documentElement.dataset.root;

function live(error) {
  const meter = document.getElementById("live");
  meter.dataset.level = error ? "lost" : "live";
  const text = error ? `not live: ${error.message}; trying again` : "live";
  const words = meter.querySelector("span");
  if (words.textContent !== text) words.textContent = text;
}

// -- choosing

const boxes = (list) => [...list.querySelectorAll("li input[type=checkbox]")];

function count(list) {
  const chosen = boxes(list).filter((box) => box.checked).length;
  const button = list.querySelector("[data-chosen]");
  if (!button) return;
  button.disabled = chosen === 0;
  button.textContent = chosen ? `Drive ${chosen} selected again` : "Drive the selected again";
  const all = list.querySelector("[data-all]");
  all.checked = chosen > 0 && chosen === boxes(list).length;
  all.indeterminate = chosen > 0 && !all.checked;
}

document.addEventListener("change", ({ target }) => {
  const list = target.closest?.("[data-choice]");
  if (!list) return;
  if (target.matches("[data-all]")) for (const box of boxes(list)) box.checked = target.checked;
  count(list);
});

// -- driving again

async function drive(button) {
  const what = button.dataset.drive;
  const body = button.dataset.chosen ? chosenIn(button) : JSON.parse(button.dataset.body);
  button.disabled = true;
  try {
    const done = { driven: 0, taken: 0, buried: 0 };
    for (let round = 0, left = true; left && round < MOST_ROUNDS; round += 1) {
      const told = await post(`${root}/api/operations/${what}/redrive`, body);
      for (const name of Object.keys(done)) done[name] += told[name] ?? 0;
      left = told.left;
      say(words(what, done, left), "good");
    }
  } catch (error) {
    say(`That was not possible: ${error.message}`, "bad");
  }
  button.disabled = false;
  refresh();
}

function chosenIn(button) {
  const list = button.closest("[data-choice]");
  const chosen = boxes(list).filter((box) => box.checked).map((box) => box.value);
  return { [list.dataset.choice]: button.dataset.chosen === "events" ? chosen.map(Number) : chosen };
}

function words(what, { driven, taken, buried }, left) {
  const more = left ? " so far; going on" : "";
  const many = (n, one, several) => `${n.toLocaleString("en")} ${n === 1 ? one : several}`;
  if (what === "failures") return driven ? `${many(driven, "artifact is", "artifacts are")} on the way again${more}.` : "Nothing was driven again: it is on the way already, or gone.";
  const stays = buried ? ` ${many(buried, "record stays", "records stay")} buried: the reason shown is that of now.` : "";
  return `${many(taken, "record was", "records were")} taken${more}.${stays}`;
}

async function post(address, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-Belvedere": "operations" };
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
  const told = await response.json().catch(() => ({ detail: `HTTP ${response.status}` }));
  if (!response.ok) throw new Error(told.detail);
  return told;
}

function say(text, level) {
  const line = document.getElementById("said");
  line.hidden = false;
  line.dataset.level = level;
  line.textContent = text;
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-drive]");
  if (button) drive(button);
});
listenForKeys({ Escape: () => document.activeElement?.blur() });
followSections({
  everyMs: EVERY_MS,
  firstMs: FIRST_MS,
  onReading: live,
  onSwap: (section) => section.querySelectorAll("[data-choice]").forEach(count),
});
