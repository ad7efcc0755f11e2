// How a page of rows looks. Everything a table holds goes in as text.
import { visible } from "./words.js";

export const OPERATORS = {
  contains: { words: "contains", takesValue: true },
  equals: { words: "=", takesValue: true },
  less: { words: "<", takesValue: true },
  greater: { words: ">", takesValue: true },
  missing: { words: "is missing", takesValue: false },
  present: { words: "is present", takesValue: false },
};
const LONGEST = 300;
const NUMERIC = /^(u?int\d+|double|float|half_?float|decimal.*|integer|number)$/;

function element(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

export function drawTable(place, page, { sort, order }) {
  const right = page.columns.map(({ type }) => NUMERIC.test(type));
  const head = element("tr", {}, element("th", { class: "at", text: "" }), ...page.columns.map((column, at) => header(column, right[at], sort, order)));
  const lines = page.rows.map((row, at) =>
    element("tr", {}, element("td", { class: "at", text: page.numbers[at].toLocaleString("en") }), ...row.map((value, place) => cell(value, right[place]))),
  );
  const scrolled = place.scrollLeft;
  place.replaceChildren(element("table", { class: "rows" }, element("thead", {}, head), element("tbody", {}, ...lines)));
  place.scrollLeft = scrolled;
  place.scrollTop = 0;
  place.hidden = !page.rows.length;
}

function header({ number, name, type }, right, sort, order) {
  const sorted = sort === String(number);
  const arrow = sorted ? (order === "desc" ? " ↓" : " ↑") : "";
  const label = `${visible(name) || "(no name)"}${arrow}`;
  const button = element("button", { type: "button", class: "plain", "data-sort": number, title: `Sort by ${visible(name)}` }, label);
  const direction = sorted ? (order === "desc" ? "descending" : "ascending") : "none";
  return element("th", { scope: "col", class: right ? "number" : undefined, "aria-sort": direction }, button, element("span", { class: "quiet", text: type }));
}

function cell(value, right) {
  if (value === null) return element("td", { class: "gap", text: "–", title: "missing" });
  const text = visible(String(value));
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return element("td", { class: right ? "number" : undefined, text: shown, title: text.length > 40 ? text.slice(0, 2000) : undefined });
}

export function drawChips(place, { search, filter }, columns) {
  const chips = filter.map((text, at) => chip(wordsOf(text, columns), at));
  if (search) chips.unshift(chip(`anywhere: ${search}`, "search"));
  place.replaceChildren(...chips);
}

function chip(words, drop) {
  return element("button", { type: "button", class: "chip", "data-drop": drop, title: "Remove this condition", text: `${visible(words)} ×` });
}

function wordsOf(text, columns) {
  const [, column, operator, value] = /^(\d+):(\w+):?([^]*)$/.exec(text) ?? [];
  const name = columns[Number(column)]?.name ?? `column ${column}`;
  return `${name} ${OPERATORS[operator]?.words ?? operator} ${value}`.trim();
}
