// The rows of a table, asked of the server page by page. What is asked stands in the address bar.
import { mirrorAddress } from "./airflow.js";
import { drawChips, drawTable, OPERATORS } from "./rows_table.js";

const NAMES = ["search", "filter", "sort", "order", "offset", "limit"];
const DEFAULT_LIMIT = 50;
const ASK_AGAIN_MS = 700;
const TYPING_MS = 400;

export class Rows {
  constructor(place) {
    this.place = place;
    this.api = place.dataset.rows;
    this.columns = [];
    this.asked = 0;
    this.form = place.querySelector("form");
    this.status = place.querySelector("[data-status]");
    this.read();
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.addFilter();
    });
    let timer = 0;
    this.form.elements.search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.set({ search: this.form.elements.search.value.trim(), offset: 0 }), TYPING_MS);
    });
    this.form.elements.limit.addEventListener("change", (event) => this.set({ limit: Number(event.target.value), offset: 0 }));
    this.form.elements.operator.addEventListener("change", () => this.needValue());
    place.addEventListener("click", (event) => this.click(event));
    place.addEventListener("keydown", (event) => this.key(event));
    addEventListener("popstate", () => {
      if (!place.isConnected) return;
      this.read();
      this.load();
    });
    this.needValue();
    this.load();
  }

  // -- what is asked

  read() {
    const query = new URLSearchParams(location.search);
    this.state = {
      search: query.get("search") ?? "",
      filter: query.getAll("filter"),
      sort: query.get("sort") ?? "",
      order: query.get("order") === "desc" ? "desc" : "asc",
      offset: Math.max(0, Number(query.get("offset")) || 0),
      limit: Number(query.get("limit")) || DEFAULT_LIMIT,
    };
    this.form.elements.search.value = this.state.search;
    this.form.elements.limit.value = String(this.state.limit);
  }

  set(changes) {
    Object.assign(this.state, changes);
    const query = new URLSearchParams(location.search);
    for (const name of NAMES) query.delete(name);
    for (const [name, value] of this.parameters()) query.append(name, value);
    history.pushState({}, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
    mirrorAddress();
    this.load();
  }

  // Only what differs from the defaults, in the API's own words.
  parameters({ page = true } = {}) {
    const { search, filter, sort, order, offset, limit } = this.state;
    const query = new URLSearchParams();
    if (search) query.set("search", search);
    for (const one of filter) query.append("filter", one);
    if (sort !== "") query.set("sort", sort);
    if (sort !== "" && order === "desc") query.set("order", "desc");
    if (page && offset) query.set("offset", offset);
    if (page && limit !== DEFAULT_LIMIT) query.set("limit", limit);
    return query;
  }

  // -- asking

  async load() {
    const number = ++this.asked;
    this.place.setAttribute("aria-busy", "true");
    const started = performance.now();
    try {
      for (;;) {
        const response = await fetch(`${this.api}?${this.parameters()}`, { headers: { Accept: "application/json" } });
        const body = await response.json();
        if (number !== this.asked || !this.place.isConnected) return;
        if (response.status === 202) {
          this.waiting(body);
          await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
          if (number !== this.asked) return;
          continue;
        }
        if (response.ok) this.show(body, performance.now() - started);
        else this.fail(body.detail ?? `HTTP ${response.status}`);
        break;
      }
    } catch (error) {
      if (number === this.asked) this.fail(`That did not reach the server: ${error.message}`);
    }
    if (number === this.asked) this.place.removeAttribute("aria-busy");
  }

  waiting({ done_bytes, size }) {
    const share = size ? Math.min(99, Math.floor((100 * done_bytes) / size)) : 0;
    const what = share < 99 ? `reading the table, ${share} %` : "sorting out its columns";
    this.say(`Preparing on the server: ${what}. Nothing is downloaded to you.`);
  }

  // What cannot be answered keeps its chips, so that it can be taken back.
  fail(text) {
    drawChips(this.place.querySelector("[data-chips]"), this.state, this.columns);
    this.say(text, "bad");
  }

  say(text, level = "") {
    this.status.textContent = text;
    this.status.dataset.level = level;
  }

  // -- showing

  show(page, milliseconds) {
    this.page = page;
    if (this.columns.length !== page.columns.length) this.offerColumns(page.columns);
    drawChips(this.place.querySelector("[data-chips]"), this.state, this.columns);
    drawTable(this.place.querySelector("[data-table]"), page, this.state);
    const narrowed = this.state.filter.length || this.state.search;
    const { offset, rows, total, rows_in_all: all } = page;
    const count = total === null ? "more than can be counted quickly" : total.toLocaleString("en");
    const range = rows.length ? `Rows ${(offset + 1).toLocaleString("en")} to ${(offset + rows.length).toLocaleString("en")} of ${count}` : "";
    const among = narrowed ? `, out of ${all.toLocaleString("en")}` : "";
    const part = page.part ? `Sheet ${page.part}. ` : "";
    this.say(rows.length ? `${part}${range}${among} (${Math.round(milliseconds)} ms)` : "");
    const more = total === null ? rows.length === page.limit : offset + rows.length < total;
    for (const [name, on] of Object.entries({ first: offset > 0, previous: offset > 0, next: more, last: more && total !== null })) {
      this.place.querySelector(`[data-go=${name}]`).disabled = !on;
    }
    this.place.querySelector("[data-empty]").hidden = rows.length > 0;
    this.place.querySelector("[data-empty] p").textContent = this.emptyWords(all, narrowed, offset);
    this.place.querySelector("[data-clear]").hidden = !narrowed && !offset;
    this.place.querySelector("[data-csv]").href = `${this.api}.csv?${this.parameters({ page: false })}`;
  }

  emptyWords(all, narrowed, offset) {
    if (!all) return "The table has no rows.";
    if (narrowed && !offset) return "No row meets these conditions.";
    return "There are no rows so far down.";
  }

  offerColumns(columns) {
    this.columns = columns;
    this.form.elements.column.replaceChildren(
      ...columns.map(({ number, name, type }) => new Option(`${name || "(no name)"} (${type})`.slice(0, 80), number)),
    );
  }

  needValue() {
    this.form.elements.value.hidden = !OPERATORS[this.form.elements.operator.value].takesValue;
  }

  // -- acting

  addFilter() {
    const { column, operator, value } = this.form.elements;
    if (column.value === "" || (OPERATORS[operator.value].takesValue && value.value === "")) {
      value.focus();
      return;
    }
    const text = OPERATORS[operator.value].takesValue ? value.value : "";
    value.value = "";
    this.set({ filter: [...this.state.filter, `${column.value}:${operator.value}:${text}`], offset: 0 });
  }

  click(event) {
    const target = event.target.closest("[data-go], [data-sort], [data-drop], [data-clear]");
    if (!target) return;
    if (target.dataset.go) this.go(target.dataset.go);
    else if (target.dataset.sort) this.sortBy(target.dataset.sort);
    else if (target.dataset.drop === "search") {
      this.form.elements.search.value = "";
      this.set({ search: "", offset: 0 });
    } else if (target.dataset.drop) {
      this.set({ filter: this.state.filter.filter((_, at) => at !== Number(target.dataset.drop)), offset: 0 });
    } else {
      this.form.elements.search.value = "";
      this.set({ search: "", filter: [], offset: 0 });
    }
  }

  // Ascending, descending, as it lies in the file.
  sortBy(column) {
    const { sort, order } = this.state;
    if (sort !== column) this.set({ sort: column, order: "asc", offset: 0 });
    else if (order === "asc") this.set({ order: "desc", offset: 0 });
    else this.set({ sort: "", order: "asc", offset: 0 });
  }

  go(where) {
    const { offset, limit } = this.state;
    const total = this.page?.total ?? 0;
    const last = Math.max(0, Math.floor((total - 1) / limit) * limit);
    const to = { first: 0, previous: Math.max(0, offset - limit), next: offset + limit, last }[where];
    this.set({ offset: to });
  }

  key(event) {
    if (event.key === "/" && !event.target.matches("input, select")) {
      event.preventDefault();
      event.stopPropagation();
      this.form.elements.search.focus();
    }
    const where = { PageDown: "next", PageUp: "previous" }[event.key];
    if (!where || event.target.matches("select") || this.place.querySelector(`[data-go=${where}]`).disabled) return;
    event.preventDefault();
    this.go(where);
  }
}
