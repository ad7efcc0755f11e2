// The stream of changes: reconnects by itself, rests while the page is hidden, goes on where it was.
const RETRY_MS = 2000;

export class Live {
  constructor(root, since, { only = {}, onArtifact, onReset, onLevel = () => {} }) {
    Object.assign(this, { root, since, only, onArtifact, onReset, onLevel, source: null, timer: 0 });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.stop() : this.start()));
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", () => document.hidden || this.start());
    this.start();
  }

  start() {
    if (this.source) return;
    const query = new URLSearchParams({ ...this.only, since: this.since });
    const source = new EventSource(`${this.root}/api/events?${query}`);
    this.source = source;
    const heard = (event) => {
      if (event.lastEventId) this.since = Math.max(this.since, Number(event.lastEventId));
    };
    source.addEventListener("ready", (event) => {
      heard(event);
      this.onLevel("live");
    });
    source.addEventListener("artifact", (event) => {
      heard(event);
      this.onArtifact(JSON.parse(event.data));
    });
    source.addEventListener("reset", (event) => {
      heard(event);
      this.onLevel("live");
      this.onReset();
    });
    source.addEventListener("error", () => this.broken(source));
  }

  broken(source) {
    this.onLevel("lost");
    if (source.readyState !== EventSource.CLOSED || source !== this.source) return;
    this.stop();
    this.timer = setTimeout(() => document.hidden || this.start(), RETRY_MS);
  }

  stop() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }
}
