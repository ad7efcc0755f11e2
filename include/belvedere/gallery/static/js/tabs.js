// Tabs as ARIA wants them; the open one stands in the address bar.
import { mirrorAddress } from "./airflow.js";

export class Tabs {
  constructor(viewer, onOpen) {
    this.tabs = [...viewer.querySelectorAll("[role=tab]")];
    this.onOpen = onOpen;
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.open(tab, { remember: true }));
      tab.addEventListener("keydown", (event) => this.key(event, tab));
    }
    const wanted = new URLSearchParams(location.search).get("tab");
    const first = this.tabs.find((tab) => tab.id === `tab-${wanted}`) ?? this.tabs[0];
    if (first) this.open(first);
  }

  open(tab, { remember = false } = {}) {
    for (const one of this.tabs) {
      const open = one === tab;
      one.setAttribute("aria-selected", String(open));
      one.tabIndex = open ? 0 : -1;
      const panel = document.getElementById(one.getAttribute("aria-controls"));
      panel.hidden = !open;
      if (open) this.onOpen(panel);
    }
    if (!remember) return;
    const query = new URLSearchParams(location.search);
    if (tab === this.tabs[0]) query.delete("tab");
    else query.set("tab", tab.id.slice("tab-".length));
    history.replaceState(history.state, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
    mirrorAddress();
  }

  key(event, tab) {
    const at = this.tabs.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = this.tabs[(to + this.tabs.length) % this.tabs.length];
    next.focus();
    this.open(next, { remember: true });
  }
}
