// Frames: loaded when they are first looked at, as high as their content, in the colours of the page.
const LEAST = 120;
const MOST = 2400;
const MOST_CHANGES = 30;
const GOOD_MS = 200000;

export class Frames {
  constructor(address) {
    this.address = address;
    this.born = Date.now();
    addEventListener("message", (event) => this.resize(event));
    addEventListener("themechange", () => this.restart());
    this.takeOver();
  }

  // What first_frame.js began to load, and the height that it has said so far.
  takeOver() {
    for (const frame of document.querySelectorAll("iframe[src][data-href]")) {
      frame.changes = 0;
      if (frame.said) this.resize({ source: frame.contentWindow, data: frame.said });
    }
  }

  // Load the frames of a tab that is now open.
  open(panel) {
    for (const frame of panel.querySelectorAll("iframe:not([src])")) this.load(frame);
  }

  async load(frame) {
    frame.parentElement.setAttribute("aria-busy", "true");
    frame.addEventListener("load", () => frame.parentElement?.removeAttribute("aria-busy"), { once: true });
    const theme = frame.dataset.paper || document.documentElement.dataset.theme;
    frame.changes = 0;
    frame.dataset.theme = theme;
    const href = Date.now() - this.born < GOOD_MS ? frame.dataset.href : await this.address(frame.dataset.name, frame.dataset.href);
    frame.src = `${href}?theme=${theme}`;
  }

  // Resolves when what is being looked at is loaded.
  settled() {
    const busy = [...document.querySelectorAll("[role=tabpanel]:not([hidden]) [aria-busy] iframe")];
    return Promise.all(busy.map((frame) => new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }))));
  }

  restart() {
    for (const frame of document.querySelectorAll("iframe[src]")) if (!frame.dataset.paper) this.load(frame);
  }

  resize({ source, data }) {
    if (data?.belvedere !== "height" || !Number.isFinite(data.height)) return;
    const frame = [...document.querySelectorAll("iframe[src]")].find((one) => one.contentWindow === source);
    if (!frame || frame.changes > MOST_CHANGES) return;
    frame.changes += 1;
    frame.style.height = `${Math.min(Math.max(data.height, LEAST), MOST)}px`;
  }
}
