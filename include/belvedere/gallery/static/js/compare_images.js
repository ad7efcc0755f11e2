// Two pictures: one over the other behind a slider, mixed, subtracted, or side by side with one scroll position.
const HOWS = ["slider", "onion", "difference", "apart"];
const MOST_PIXELS = 4_000_000;
const NOTICED = 8;

export class Pictures {
  constructor(place, address) {
    Object.assign(this, { place, address });
    const one = (selector) => place.querySelector(selector);
    this.sheet = one(".sheet-of");
    this.base = one("[data-picture=base]");
    this.other = one("[data-picture=other]");
    this.second = one("[data-picture=second]");
    this.divider = one(".divider");
    this.range = one("[data-at]");
    this.zoom = one("[data-zoom]");
    this.said = one("[data-said]");
    this.stages = [...place.querySelectorAll(".stage")];
    this.buttons = [...place.querySelectorAll("[data-how]:is(button)")];
    for (const button of this.buttons) button.addEventListener("click", () => address.set("picture", button.dataset.how === "slider" ? "" : button.dataset.how));
    this.range.addEventListener("input", () => this.mix());
    this.range.addEventListener("change", () => address.set("at", this.range.value === "50" ? "" : this.range.value));
    this.zoom.addEventListener("change", () => address.set("zoom", this.zoom.value === "fit" ? "" : this.zoom.value));
    this.sheet.addEventListener("pointerdown", (event) => this.drag(event));
    this.stages.forEach((stage, at) => stage.addEventListener("scroll", () => this.scrollAlike(stage, this.stages[1 - at]), { passive: true }));
    address.listen(() => this.show());
    this.show();
    this.measure();
  }

  show() {
    const asked = this.address.get("picture");
    this.how = HOWS.includes(asked) ? asked : "slider";
    const at = Number(this.address.get("at") ?? 50);
    this.range.value = Number.isFinite(at) ? at : 50;
    this.zoom.value = this.address.get("zoom") ?? "fit";
    if (this.zoom.selectedIndex < 0) this.zoom.value = "fit";
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.how === this.how));
    const apart = this.how === "apart";
    this.sheet.dataset.how = this.how;
    this.place.querySelector(".stages").classList.toggle("apart", apart);
    this.stages[1].hidden = !apart;
    this.other.hidden = apart;
    if (apart && !this.second.src) this.second.src = this.other.src;
    this.range.closest("label").hidden = this.how === "difference" || apart;
    for (const image of [this.base, this.other, this.second]) this.size(image);
    this.mix();
  }

  // Both get the room of the larger one, so that pictures of two sizes lie over each other from their upper left corner.
  size(image) {
    const factor = Number(this.zoom.value);
    image.parentElement.toggleAttribute("data-zoomed", Number.isFinite(factor));
    if (!image.naturalWidth) return void image.addEventListener("load", () => this.size(image), { once: true });
    const ratio = devicePixelRatio || 1;
    image.style.width = Number.isFinite(factor) ? `${(image.naturalWidth * factor) / ratio}px` : "";
  }

  mix() {
    const share = Number(this.range.value);
    this.other.style.clipPath = this.how === "slider" ? `inset(0 0 0 ${100 - share}%)` : "";
    this.other.style.opacity = this.how === "onion" ? String(share / 100) : "";
    this.divider.style.left = `calc(${100 - share}% - 1px)`;
    this.range.setAttribute("aria-valuetext", `${share} percent of the second picture`);
  }

  drag(event) {
    if (this.how !== "slider" || event.button !== 0) return;
    const move = (moved) => {
      const box = this.sheet.getBoundingClientRect();
      this.range.value = Math.round(100 - (100 * (moved.clientX - box.left)) / box.width);
      this.mix();
    };
    event.preventDefault();
    move(event);
    this.sheet.setPointerCapture(event.pointerId);
    this.sheet.addEventListener("pointermove", move);
    this.sheet.addEventListener("pointerup", () => {
      this.sheet.removeEventListener("pointermove", move);
      this.range.dispatchEvent(new Event("change"));
    }, { once: true });
  }

  scrollAlike(from, to) {
    if (to.hidden || Math.abs(to.scrollLeft - from.scrollLeft) + Math.abs(to.scrollTop - from.scrollTop) < 2) return;
    to.scrollTo(from.scrollLeft, from.scrollTop);
  }

  // How much differs, counted over the pixels that both pictures have.
  async measure() {
    try {
      await Promise.all([this.base.decode(), this.other.decode()]);
    } catch {
      this.said.textContent = "A picture could not be loaded: reload the page.";
      return;
    }
    const [a, b] = [this.base, this.other];
    const width = Math.min(a.naturalWidth, b.naturalWidth);
    const height = Math.min(a.naturalHeight, b.naturalHeight);
    const sizes = a.naturalWidth === b.naturalWidth && a.naturalHeight === b.naturalHeight ? "" : `${a.naturalWidth} × ${a.naturalHeight} and ${b.naturalWidth} × ${b.naturalHeight}: their upper left corners lie on each other. `;
    if (!width || !height || width * height > MOST_PIXELS) {
      this.said.textContent = sizes;
      return;
    }
    const [first, second] = [a, b].map((image) => pixels(image, width, height));
    let different = 0;
    for (let at = 0; at < first.length; at += 4) {
      const far = Math.max(Math.abs(first[at] - second[at]), Math.abs(first[at + 1] - second[at + 1]), Math.abs(first[at + 2] - second[at + 2]), Math.abs(first[at + 3] - second[at + 3]));
      if (far > NOTICED) different += 1;
    }
    const share = (100 * different) / (width * height);
    this.said.textContent = `${sizes}${different === 0 ? "No pixel looks different." : `${share < 0.01 ? "Less than 0.01" : share.toFixed(2)} % of the pixels look different.`}`;
  }
}

function pixels(image, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, width, height).data;
}
