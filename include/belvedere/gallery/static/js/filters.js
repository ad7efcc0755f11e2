// The filters: a form that is always the same as the address bar.
import { mirrorAddress } from "./airflow.js";

const FLAT = "none";
const NAMES = ["tenant", "kind", "state", "q", "prefix", "bucket", "run", "day", "parts", "group", "order", "view"];
// What only says how the wall looks, or where somebody is on it.
const LOOKS = ["order", "view", "group"];
const BESIDE = ["compare", "theme"];
const TYPING_MS = 250;

export class Filters {
  constructor(form, onChange) {
    this.form = form;
    this.onChange = onChange;
    this.usual = { order: "newest", view: "grid", group: form.dataset.group };
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
      timer = setTimeout(() => this.write({ replace: true }), TYPING_MS);
    });
    addEventListener("popstate", () => {
      this.read();
      mirrorAddress();
      this.onChange();
    });
  }

  // What somebody typed while the scripts were still on their way is a search like any other.
  keep(typed) {
    this.ahead = true;
    this.form.elements.q.value = typed;
    queueMicrotask(() => this.write({ replace: true }));
  }

  get values() {
    const all = NAMES.map((name) => [name, this.form.elements[name].value.trim()]);
    const held = Object.fromEntries(all.filter(([name, value]) => value && value !== this.usual[name]));
    if (this.topOfBucket) held.run = "";
    return held;
  }

  // The run without a folder has the empty prefix: it is a filter nevertheless.
  get topOfBucket() {
    return new URLSearchParams(location.search).get("run") === "" && this.form.elements.bucket.value !== "";
  }

  get view() {
    return this.values.view ?? this.usual.view;
  }

  // What the wall is grouped by; nothing where single cards hang.
  get group() {
    const { value } = this.form.elements.group;
    return value === FLAT ? "" : value;
  }

  get filtered() {
    return Object.keys(this.values).some((name) => !LOOKS.includes(name));
  }

  get newestFirst() {
    return !this.values.order;
  }

  set(name, value) {
    setValue(this.form.elements[name], value);
    this.write();
  }

  read() {
    const query = new URLSearchParams(location.search);
    for (const name of NAMES) setValue(this.form.elements[name], query.getAll(name).join(",") || (this.usual[name] ?? ""));
    // An order other than newest first is one of single cards.
    const { order, group } = this.form.elements;
    if (!query.get("group") && order.value !== this.usual.order) group.value = FLAT;
    this.showOrder();
  }

  write({ replace = false } = {}) {
    const now = new URLSearchParams(location.search);
    const beside = BESIDE.filter((name) => now.has(name)).map((name) => [name, now.get(name)]);
    this.showOrder();
    const address = `${location.pathname}${asQuery({ ...this.values, ...Object.fromEntries(beside) })}`;
    now.delete("at");
    if (address === `${location.pathname}${asQuery(now)}`) return;
    history[replace ? "replaceState" : "pushState"]({}, "", address);
    mirrorAddress();
    this.onChange();
  }

  // Groups are always newest first: another order has nothing to say there.
  showOrder() {
    const { order } = this.form.elements;
    if (this.group && order.value !== this.usual.order) order.value = this.usual.order;
    order.disabled = this.group !== "";
    order.title = this.group ? `Groups are newest first; choose "${FLAT}" to order single cards` : "";
  }

  // What the API lists for these filters, beginning at a cursor; `more` narrows it further.
  query(cursor, limit, more = {}) {
    const { view, group, ...values } = this.values;
    return asQuery({ ...values, ...more, limit, ...(cursor ? { cursor } : {}) });
  }

  // As a saved view keeps it.
  get address() {
    return asQuery(this.values).slice(1);
  }

  // Whether `match` knows all there is to know: what more than words is typed only the server understands.
  get plain() {
    return !/[:"<>=]|(^|\s)-/.test(this.values.q ?? "");
  }

  // Whether a changed artifact belongs on this wall: the same rules as the API's, but for the language of searches.
  match(artifact) {
    const { tenant, bucket, prefix, kind, state, q, parts, run, day } = this.values;
    const states = state ? state.split(",") : null;
    const kinds = kind ? kind.split(",") : null;
    const text = `${artifact.key} ${artifact.title ?? ""}`.toLowerCase();
    const words = this.plain ? (q ?? "").toLowerCase().split(/\s+/) : [];
    const hangs = states ? states.includes(artifact.state) : !["deleted", "superseded"].includes(artifact.state);
    return (
      (artifact.is_latest || (states ?? []).includes("superseded")) &&
      (hangs || !this.plain) &&
      (!artifact.part || parts || artifact.key === prefix) &&
      (!tenant || artifact.tenant === tenant) &&
      (!bucket || artifact.bucket === bucket) &&
      (!prefix || artifact.key.startsWith(prefix)) &&
      (run === undefined || artifact.origin.prefix === run) &&
      (!day || dayOf(artifact) === day) &&
      (!kinds || kinds.includes(artifact.kind)) &&
      words.every((word) => text.includes(word))
    );
  }
}

export function dayOf(artifact) {
  return new Date(artifact.event_at).toISOString().slice(0, 10);
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
