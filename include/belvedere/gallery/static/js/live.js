// A page's end of the stream of changes. All pages of a browser share one stream: kept by a shared worker, or, where
// there is none, by one of the pages. Whoever keeps it hears what each page knows, so that none misses a change.
import { Hub } from "./stream.js";

const HERE_MS = 60000;

// The server's clock: how far this browser's own is ahead of it, in milliseconds.
export const clock = {
  skew: 0,
  passed(moment) {
    return Date.now() - this.skew - Date.parse(moment);
  },
};

// Whoever logs in after somebody else in the same browser hears a stream of their own.
const user = document.documentElement.dataset.user ?? "";

// What came by the stream, as against what a page or a list began with.
export const fresh = new WeakSet();

export class Live {
  constructor(root, since, { only = {}, onArtifact, onReset, onLevel = () => {} }) {
    Object.assign(this, { root, since, only, onArtifact, onReset, onLevel });
    this.send = connect(root, (message) => this.heard(message));
    document.addEventListener("visibilitychange", () => this.send({ kind: "seen", visible: !document.hidden }));
    addEventListener("pagehide", () => this.send({ kind: "bye" }));
    addEventListener("pageshow", (event) => event.persisted && this.hello());
    setInterval(() => this.send({ kind: "here" }), HERE_MS);
    this.hello();
  }

  hello() {
    this.send({ kind: "hello", since: this.since, only: this.only, visible: !document.hidden });
  }

  heard(message) {
    if (message.kind === "who") this.hello();
    else if (message.kind === "level") {
      clock.skew = message.skew;
      this.onLevel(message.level);
    } else if (message.kind === "artifact") {
      this.since = Math.max(this.since, message.artifact.seq);
      fresh.add(message.artifact);
      this.onArtifact(message.artifact);
    } else if (message.kind === "reset") {
      this.since = Math.max(this.since, message.seq);
      this.onReset();
    }
  }
}

function connect(root, heard) {
  return byWorker(root, heard) ?? byChannel(root, heard) ?? alone(root, heard);
}

function byWorker(root, heard) {
  if (!globalThis.SharedWorker) return null;
  try {
    const worker = new SharedWorker(new URL("./live_worker.js", import.meta.url), { type: "module", name: JSON.stringify([root, user]) });
    let send = (message) => worker.port.postMessage(message);
    // A worker that cannot begin (an old browser, a policy) is told of later: start over without it.
    let greeting = null;
    worker.addEventListener("error", () => {
      send = byChannel(root, heard) ?? alone(root, heard);
      if (greeting) send(greeting);
    });
    worker.port.addEventListener("message", ({ data }) => heard(data));
    worker.port.start();
    return (message) => {
      if (message.kind === "hello") greeting = message;
      send(message);
    };
  } catch {
    return null;
  }
}

// Pages without a worker choose one among them: whoever gets the lock keeps the stream until it is closed.
function byChannel(root, heard) {
  if (!globalThis.BroadcastChannel || !navigator.locks) return null;
  const name = `belvedere-live ${root} ${user}`;
  const id = `${Math.random()}`;
  const channel = new BroadcastChannel(name);
  let hub = null;
  const reply = (to) => (message) => (to === id ? heard(message) : channel.postMessage({ to, message }));
  channel.addEventListener("message", ({ data }) => {
    if (data.to === id || data.to === "*") heard(data.message);
    else if (hub && data.from) hub.hear(data.from, reply(data.from), data.message);
  });
  navigator.locks.request(name, () => {
    hub = new Hub(root);
    channel.postMessage({ to: "*", message: { kind: "who" } });
    heard({ kind: "who" });
    return new Promise(() => {});
  });
  return (message) => (hub ? hub.hear(id, heard, message) : channel.postMessage({ from: id, message }));
}

function alone(root, heard) {
  const hub = new Hub(root);
  return (message) => hub.hear(root, heard, message);
}
