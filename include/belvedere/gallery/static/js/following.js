// Above the views of progress that goes on: how far it is by now, changed in place with every update.
import { Progress, hasProgress } from "./progress.js";

const READ_AGAIN_MS = 3000;
const TICK_MS = 1000;

export class Following {
  constructor(place, readAgain) {
    Object.assign(this, { place, readAgain, progress: null, at: null, timer: 0, going: !place.hidden });
    this.begin();
    setInterval(() => this.progress && !place.hidden && this.progress.tick(Date.now() - Date.parse(this.at)), TICK_MS);
  }

  // Shows what the page itself came with.
  begin() {
    const told = JSON.parse(this.place.dataset.facts || "null");
    if (told) this.show({ facts: told, event_at: this.place.dataset.at });
  }

  // Somebody looks at another version.
  leave() {
    this.going = false;
    this.at = null;
  }

  // The page was read again. While the work goes on, what it shows may have been overtaken meanwhile.
  renew(page) {
    const fresh = page.getElementById("following");
    if (fresh.hidden && this.going) return;
    this.going = !fresh.hidden;
    this.place.hidden = fresh.hidden;
    this.place.dataset.facts = fresh.dataset.facts ?? "";
    this.place.dataset.at = fresh.dataset.at ?? "";
    if (this.going && !(Date.parse(fresh.dataset.at) < Date.parse(this.at))) this.begin();
  }

  // Draws an update at once; the rest of the page, where worth reading, follows when it has had some peace.
  take(artifact, worthReading) {
    if (!this.going || !hasProgress(artifact)) return false;
    this.foretell(artifact);
    if (worthReading) {
      this.timer ||= setTimeout(() => {
        this.timer = 0;
        this.readAgain();
      }, READ_AGAIN_MS);
    }
    return true;
  }

  // Draws the numbers alone, unless they were overtaken; of a version that is not drawn yet there is no more.
  foretell(artifact) {
    const overtaken = Date.parse(artifact.event_at) < Date.parse(this.at);
    if (this.going && hasProgress(artifact) && !overtaken) this.show(artifact);
  }

  show(artifact) {
    this.progress ??= new Progress(this.place);
    this.at = artifact.event_at;
    this.progress.show(artifact);
    requestAnimationFrame(() => artifact.id && document.dispatchEvent(new CustomEvent("belvedere:seen", { detail: artifact })));
  }
}
