// The filters: a form that is always the same as the address bar.
import { mirrorAddress } from "./airflow.js";

const DEFAULTS = { order: "newest", view: "grid" };
const NAMES = ["tenant", "kind", "state", "q", "prefix", "bucket", "parts", "order", "view"];

export class Filters {
  constructor(form, onChange) {
    this.form = form;
    this.onChange = onChange;
    const { value: typed, defaultValue: sent } = form.elements.q;
    this.read();
    if (typed !== sent) this.keep(typed);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.write();
    });
    form.addEventListener("change", (event) => event.target.name !== "q" && this.write());
    let timer = 0;
    form.elements.q.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.write({ replace: true }), 250);
    });
    addEventListener("popstate", () => {
      this.read();
      mirrorAddress();
      this.onChange();
    });
  }

  // What somebody typed while the scripts were still on their way is a search like any other.
  keep(typed) {
    this.form.elements.q.value = typed;
    queueMicrotask(() => this.write({ replace: true }));
  }

  get values() {
    const all = NAMES.map((name) => [name, this.form.elements[name].value.trim()]);
    return Object.fromEntries(all.filter(([name, value]) => value && value !== DEFAULTS[name]));
  }

  get view() {
    return this.values.view ?? DEFAULTS.view;
  }

  set(name, value) {
    setValue(this.form.elements[name], value);
    this.write();
  }

  read() {
    const query = new URLSearchParams(location.search);
    for (const name of NAMES) setValue(this.form.elements[name], query.getAll(name).join(",") || (DEFAULTS[name] ?? ""));
  }

  write({ replace = false } = {}) {
    const address = `${location.pathname}${asQuery(this.values)}`;
    if (address === location.pathname + location.search) return;
    history[replace ? "replaceState" : "pushState"]({}, "", address);
    mirrorAddress();
    this.onChange();
  }

  // What the API lists for these filters, beginning at a cursor.
  query(cursor, limit) {
    const { view, ...values } = this.values;
    return asQuery({ ...values, limit, ...(cursor ? { cursor } : {}) });
  }

  // Whether a changed artifact belongs on this wall: the same rules as the API's.
  match(artifact) {
    const { tenant, bucket, prefix, kind, state, q, parts } = this.values;
    const states = state ? state.split(",") : null;
    const kinds = kind ? kind.split(",") : null;
    const text = `${artifact.key} ${artifact.title ?? ""}`.toLowerCase();
    return (
      (artifact.is_latest || (states ?? []).includes("superseded")) &&
      (states ? states.includes(artifact.state) : !["deleted", "superseded"].includes(artifact.state)) &&
      (!artifact.part || parts || artifact.key === prefix) &&
      (!tenant || artifact.tenant === tenant) &&
      (!bucket || artifact.bucket === bucket) &&
      (!prefix || artifact.key.startsWith(prefix)) &&
      (!kinds || kinds.includes(artifact.kind)) &&
      (q ?? "").toLowerCase().split(/\s+/).every((word) => text.includes(word))
    );
  }

  get newestFirst() {
    return !this.values.order;
  }
}

function setValue(field, value) {
  if (field.tagName === "SELECT" && ![...field.options].some((option) => option.value === value)) {
    field.add(new Option(value, value));
  }
  field.value = value;
}

function asQuery(values) {
  const query = new URLSearchParams(values).toString();
  return query ? `?${query}` : "";
}
