// Where somebody is on the wall: the card they chose, or the one at the top of the window, as `at` in the address.
import { mirrorAddress } from "./airflow.js";

const SETTLE_MS = 300;

export class Anchor {
  constructor(list, atTop) {
    Object.assign(this, { list, atTop, timer: 0, wanted: new URLSearchParams(location.search).get("at") });
    if (this.wanted) history.scrollRestoration = "manual";
    list.addEventListener("focusin", () => this.later());
    addEventListener("scroll", () => this.later(), { passive: true });
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), SETTLE_MS);
  }

  write() {
    if (this.wanted) return;
    const query = new URLSearchParams(location.search);
    const cell = this.cell();
    if ((query.get("at") ?? "") === (cell?.artifact.id ?? "")) return;
    if (cell) query.set("at", cell.artifact.id);
    else query.delete("at");
    history.replaceState(history.state, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
    mirrorAddress();
  }

  cell() {
    const chosen = document.activeElement?.closest?.(".cell");
    if (chosen && this.list.contains(chosen)) return chosen;
    if (this.atTop()) return null;
    return [...this.list.querySelectorAll(".cell:not([hidden])")].find((one) => one.getBoundingClientRect().bottom > 160);
  }

  // Looks for the card of the address among those that hang; false while further ones have to be read first.
  find(more) {
    if (!this.wanted) return true;
    const cells = [...this.list.querySelectorAll(".cell")];
    const cell = cells.find(({ artifact }) => artifact.id === this.wanted);
    if (!cell && more && cells.length < 1000) return false;
    this.wanted = null;
    if (!cell) return true;
    cell.hidden = false;
    cell.scrollIntoView({ block: "center" });
    cell.querySelector(".card").focus({ preventScroll: true });
    return true;
  }
}
