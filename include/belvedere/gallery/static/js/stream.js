// One stream of changes for all pages of a browser: who joins hears of every change after the one it knows.
const KEPT = 1000; // changes kept for pages that join late or wake up
const REST_MS = 180000; // pages hidden for longer are told nothing; when all are, the stream is closed
const FORGET_MS = 600000; // pages that went without a word
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30000;
const LOST_MS = 1500; // the server ends each stream now and then: no loss, if the next one begins soon
const LOOK_MS = 15000;

export class Hub {
  constructor(root, { open = (address) => new EventSource(address), now = () => Date.now() } = {}) {
    Object.assign(this, { root, open, now });
    this.pages = new Map();
    this.kept = [];
    this.floor = 0; // everything after this change is in `kept`
    this.seq = null; // the last change that was heard
    this.source = null;
    this.level = "wait";
    this.skew = 0;
    this.pause = FIRST_PAUSE_MS;
    this.timers = { retry: 0, lost: 0 };
    setInterval(() => this.look(), LOOK_MS);
  }

  // A page says something: hello {since, only, visible}, seen {visible}, here, bye.
  hear(id, post, message) {
    if (message.kind === "bye") {
      this.pages.delete(id);
      return this.look();
    }
    let page = this.pages.get(id);
    if (message.kind === "hello") {
      page = { post, since: message.since, only: message.only };
      this.pages.set(id, page);
    } else if (!page) return void post({ kind: "who" });
    page.heard = this.now();
    if ("visible" in message) {
      page.visible = message.visible;
      page.seen = this.now();
    }
    post({ kind: "level", level: this.level, skew: this.skew });
    if (this.seq === null) this.seq = this.floor = page.since;
    if (this.awake(page)) this.catchUp(page);
    this.look();
  }

  awake(page) {
    return page.visible || this.now() - page.seen < REST_MS;
  }

  catchUp(page) {
    if (page.since >= this.floor) this.kept.forEach((change) => this.tell(page, change));
    else this.reset(page);
  }

  tell(page, change) {
    if (change.seq <= page.since) return;
    page.since = change.seq;
    const { bucket = "", key = "" } = page.only;
    const asked = (!bucket || bucket === change.artifact.bucket) && (!key || key === change.artifact.key);
    if (asked) page.post({ kind: "artifact", artifact: change.artifact });
  }

  reset(page) {
    page.since = this.seq;
    page.post({ kind: "reset", seq: this.seq });
  }

  // Every now and then: forget who went, rest while nobody looks, go on when somebody does.
  look() {
    for (const [id, page] of this.pages) if (this.now() - page.heard > FORGET_MS) this.pages.delete(id);
    const somebody = [...this.pages.values()].some((page) => this.awake(page));
    if (somebody && !this.source && !this.timers.retry) this.connect();
    else if (!somebody) this.stop();
  }

  connect() {
    this.timers.retry = 0;
    const source = this.open(`${this.root}/api/events?since=${this.seq}`);
    this.source = source;
    this.expect();
    source.addEventListener("ready", (event) => {
      this.begun(event);
      this.seq = Math.max(this.seq, Number(event.lastEventId));
    });
    source.addEventListener("artifact", (event) => this.changed(Number(event.lastEventId), JSON.parse(event.data)));
    source.addEventListener("reset", (event) => {
      this.begun(event);
      this.kept = [];
      this.seq = this.floor = Math.max(this.seq, Number(event.lastEventId));
      for (const page of this.pages.values()) if (this.awake(page)) this.reset(page);
    });
    source.addEventListener("error", () => this.broken(source));
  }

  begun(event) {
    clearTimeout(this.timers.lost);
    this.timers.lost = 0;
    this.pause = FIRST_PAUSE_MS;
    const told = JSON.parse(event.data || "{}");
    if (told.now) this.skew = this.now() - told.now;
    this.say("live");
  }

  changed(seq, artifact) {
    if (seq <= this.seq) return;
    this.seq = seq;
    const change = { seq, artifact };
    this.kept.push(change);
    if (this.kept.length > KEPT) this.floor = this.kept.shift().seq;
    for (const page of this.pages.values()) if (this.awake(page)) this.tell(page, change);
  }

  // A browser goes on by itself after a lost connection, but not after an answer that is no stream.
  broken(source) {
    if (source !== this.source) return;
    this.expect();
    if (source.readyState !== 2) return;
    this.source = null;
    this.timers.retry = setTimeout(() => {
      this.timers.retry = 0;
      this.look();
    }, this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
  }

  expect() {
    this.timers.lost ||= setTimeout(() => this.say("lost"), LOST_MS);
  }

  stop() {
    clearTimeout(this.timers.retry);
    clearTimeout(this.timers.lost);
    this.timers = { retry: 0, lost: 0 };
    this.source?.close();
    this.source = null;
    this.level = "wait";
  }

  say(level) {
    this.level = level;
    for (const page of this.pages.values()) page.post({ kind: "level", level, skew: this.skew });
  }
}
