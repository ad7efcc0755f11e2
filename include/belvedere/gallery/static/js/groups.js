// The groups of a grouped wall: a heading each, the newest cards, more on demand, folded away if somebody wants.
import { dayOf } from "./filters.js";
import { age, visible } from "./words.js";

const PAGE = 50;
const NARROW_ROWS = 2;
const FOLDED = "belvedere-folded";
const ZONES = { day: (name) => `${name} UTC` };

export class Groups {
  // `hang` makes the card of an artifact in a list, or changes the one that hangs already; `more` reads further ones.
  // `drawn` are the groups that the server has drawn already, by their ids.
  constructor(list, template, { by, view, hang, more, drawn }) {
    Object.assign(this, { list, template, by, view, hang, more, drawn, sections: new Map(), last: false });
    this.folded = new Set(JSON.parse(sessionStorage.getItem(FOLDED) ?? "[]"));
    new ResizeObserver(() => this.trimAll()).observe(list);
  }

  // `last` says that no further groups follow.
  extend(groups, last) {
    this.last = last;
    for (const group of groups) this.section(group).take(group.artifacts, group);
    this.openOnly();
    this.trimAll();
  }

  // A group that is alone shows all its cards, until others come beside it; unless somebody has decided otherwise.
  openOnly() {
    for (const section of this.sections.values()) {
      if (!section.decided) section.open = this.last && this.sections.size === 1;
    }
  }

  only() {
    return this.sections.size === 1 ? this.sections.values().next().value : null;
  }

  // Whether a group that is alone has cards that are not read yet.
  get goesOn() {
    const only = this.only();
    return Boolean(only?.open && only.cursor && !only.cards.hidden);
  }

  // Where a new artifact belongs, made at the top if the group is new.
  arrive(artifact) {
    const id = idOf(this.by, artifact);
    const known = this.sections.has(id);
    const section = this.section(groupOf(this.by, id, artifact), { atTop: true });
    if (known) section.grow();
    this.list.prepend(section.element);
    this.hang(section.cards, artifact, { atTop: true });
    this.openOnly();
    this.trimAll();
  }

  // Whether all its cards that there are may hang: whoever shows one row sees no further ones arrive.
  section(group, { atTop = false } = {}) {
    const known = this.sections.get(group.id);
    if (known) return known;
    const section = new Section(this, group);
    this.sections.set(group.id, section);
    if (atTop) this.list.prepend(section.element);
    else if (!section.drawn) this.list.append(section.element);
    return section;
  }

  setView(view) {
    this.view = view;
    for (const section of this.sections.values()) section.cards.className = `wall ${view}`;
    this.trimAll();
  }

  showAges() {
    for (const section of this.sections.values()) section.showAge();
  }

  trimAll() {
    const columns = this.columns();
    for (const section of this.sections.values()) this.trim(section, columns);
  }

  // One full row of each group that is not opened; on narrow screens two.
  trim(section, columns = this.columns()) {
    section.element.dataset.ready = "";
    const few = this.view === "list" ? 5 : columns < 4 ? columns * NARROW_ROWS : columns;
    const shown = section.open ? Infinity : few;
    [...section.cards.children].forEach((cell, number) => (cell.hidden = number >= shown));
    section.showMore(shown, few);
  }

  columns() {
    const first = [...this.sections.values()].find((section) => !section.cards.hidden);
    return first ? getComputedStyle(first.cards).gridTemplateColumns.split(" ").length : 1;
  }

  fold(id, folded) {
    if (folded) this.folded.add(id);
    else this.folded.delete(id);
    sessionStorage.setItem(FOLDED, JSON.stringify([...this.folded].slice(-200)));
  }
}

class Section {
  constructor(groups, group) {
    this.groups = groups;
    this.drawn = groups.drawn.has(group.id);
    this.element = groups.drawn.get(group.id) ?? groups.template.content.firstElementChild.cloneNode(true);
    const find = (selector) => this.element.querySelector(selector);
    Object.assign(this, { id: group.id, group, cursor: group.next_cursor, open: false, decided: false, cards: find(".wall") });
    Object.assign(this, { button: find(".group-more"), folder: find(".fold"), said: find(".group-said"), time: find("time") });
    this.cards.className = `wall ${groups.view}`;
    const name = (ZONES[groups.by] ?? ((text) => text))(visible(group.name));
    write(find("bdi"), name.replaceAll("_", groups.by === "kind" ? " " : "_"));
    find(".group-name").href = group.page;
    this.cards.setAttribute("aria-label", `Artifacts of ${group.label} ${name}`);
    write(this.folder.querySelector(".hidden"), `Artifacts of ${group.label} ${name}`);
    this.folder.addEventListener("click", () => this.fold(!this.cards.hidden));
    this.button.addEventListener("click", () => this.toggle());
    if (groups.folded.has(this.id)) this.fold(true);
    this.say();
  }

  take(artifacts, group) {
    for (const artifact of artifacts) this.groups.hang(this.cards, artifact);
    Object.assign(this.group, group);
    this.cursor = group.next_cursor;
    this.say();
  }

  grow() {
    this.group.count += 1;
    this.say();
  }

  say() {
    const { label, count, count_is_exact: exact, tenant } = this.group;
    const kind = ["run", "kind", "tenant", "day"].includes(label) && this.groups.by !== "run" ? "" : `${label} · `;
    const whose = tenant && this.groups.by === "run" ? `${tenant} · ` : "";
    write(this.said, `${kind}${whose}${count.toLocaleString("en")}${exact ? "" : "+"} ${count === 1 ? "artifact" : "artifacts"}`);
    this.showAge();
  }

  showAge() {
    const newest = this.cards.firstElementChild?.artifact?.event_at ?? this.group.newest_at;
    this.time.dateTime = newest;
    write(this.time, `${age(newest)} ago`);
  }

  showMore(shown, few) {
    const there = this.cards.children.length;
    const hidden = this.group.count - Math.min(shown, there);
    this.button.hidden = this.cards.hidden || (hidden <= 0 && there <= few);
    const rest = `${hidden.toLocaleString("en")}${this.group.count_is_exact ? "" : "+"}`;
    write(this.button, !this.open ? `Show ${rest} more` : this.cursor ? `Show more (${rest} left)` : "Show fewer");
  }

  async toggle() {
    this.decided = true;
    if (this.open && !this.cursor) this.open = false;
    else {
      this.open = true;
      await this.readOn();
    }
    this.groups.trim(this);
  }

  async readOn() {
    const { cursor } = this;
    if (!cursor) return;
    const listed = await this.groups.more(cursor, PAGE, this.group.query);
    if (cursor !== this.cursor) return;
    for (const artifact of listed.artifacts) this.groups.hang(this.cards, artifact);
    this.cursor = listed.next_cursor;
    this.groups.trim(this);
  }

  fold(folded) {
    this.cards.hidden = folded;
    this.folder.setAttribute("aria-expanded", String(!folded));
    this.groups.fold(this.id, folded);
    this.groups.trim(this);
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function idOf(by, artifact) {
  if (by === "run") return `${artifact.bucket}/${artifact.origin.prefix}`;
  if (by === "day") return dayOf(artifact);
  return artifact[by] ?? "";
}

// A group of one: as the server would tell it.
function groupOf(by, id, artifact) {
  const { origin, bucket } = artifact;
  const run = by === "run";
  return {
    id,
    label: run ? origin.label : by,
    name: run ? origin.name : id || "not known yet",
    tenant: artifact.tenant,
    query: run ? { bucket, run: origin.prefix } : { [by]: id },
    page: run ? origin.page : `?${new URLSearchParams({ [by]: id })}`,
    count: 1,
    count_is_exact: true,
    newest_at: artifact.event_at,
    next_cursor: null,
  };
}
