// Frames: loaded when they are first looked at, as high as their content, in the colours of the page.
const LEAST = 120;
const MOST = 2400;
const MOST_CHANGES = 30;
const GOOD_MS = 200000;

// A frame says of its height as soon as it knows it.
addEventListener("message", ({ source, data }) => {
  const frame = [...document.querySelectorAll("iframe[src]")].find((one) => one.contentWindow === source);
  if (frame) resize(frame, data);
});
// The first frame may have said it before this module was there (see head.js).
for (const frame of document.querySelectorAll("iframe[src]")) if (frame.said) resize(frame, frame.said);

function resize(frame, data) {
  if (data?.belvedere !== "height" || !Number.isFinite(data.height) || frame.changes > MOST_CHANGES) return;
  frame.changes = (frame.changes ?? 0) + 1;
  frame.style.height = `${Math.min(Math.max(data.height, LEAST), MOST)}px`;
}

// Frames that are opened later start a process of their own, which would take its time from what came with the page.
export const drawn = new Promise((done) => {
  if (document.hidden) done();
  else requestAnimationFrame(() => setTimeout(done));
});

const colours = (frame) => frame.dataset.paper || document.documentElement.dataset.theme;
const preferred = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

// Load a frame from an address, or from one that is still to come; of several askings the last one counts.
export async function show(frame, address = frame.dataset.href) {
  const asked = (frame.asked = {});
  frame.parentElement.setAttribute("aria-busy", "true"); // until its load: see head.js
  const theme = colours(frame);
  frame.changes = 0;
  frame.dataset.theme = theme;
  await drawn;
  const from = await address;
  if (frame.asked === asked) frame.src = `${from}?theme=${theme}`;
}

export class Frames {
  constructor(address) {
    this.address = address;
    this.born = Date.now();
    addEventListener("themechange", () => this.restart());
  }

  // Whether the page's signed addresses may have ended.
  get stale() {
    return Date.now() - this.born >= GOOD_MS;
  }

  // Load the frames of a tab that is now open. What came with the page is there already; only where the server did not
  // know the page's colours, it may have taken others.
  open(panel) {
    for (const frame of panel.querySelectorAll("iframe")) {
      const wanted = colours(frame);
      if (!frame.hasAttribute("src") || (frame.dataset.theme || preferred()) !== wanted) this.load(frame);
      else frame.dataset.theme = wanted;
    }
  }

  load(frame) {
    return show(frame, this.stale ? this.address(frame.dataset.name, frame.dataset.href) : frame.dataset.href);
  }

  // Resolves when what is being looked at is loaded.
  settled() {
    const busy = [...document.querySelectorAll("[role=tabpanel]:not([hidden]) [aria-busy] iframe")];
    return Promise.all(busy.map((frame) => new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }))));
  }

  restart() {
    for (const frame of document.querySelectorAll("iframe[src]")) if (!frame.dataset.paper) this.load(frame);
  }
}
