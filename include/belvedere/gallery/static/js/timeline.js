// The versions of one object: a slider over their pictures, which are fetched first, so that nothing flickers.
const FRAME_MS = 700;
const SETTLE_MS = 350;
const NEAR = 2;

export class Timeline {
  // `go(page)` brings a version's whole page in place; `fresh()` returns the moments with newly signed pictures.
  constructor({ moments, at, go, fresh }) {
    Object.assign(this, { go, fresh, pictures: new Map(), timer: 0, settling: 0, playing: false });
    this.renew(moments, at);
    document.addEventListener("input", (event) => event.target.matches?.("[data-slider]") && this.slide(event.target));
    document.addEventListener("change", (event) => event.target.matches?.("[data-slider]") && this.settleSoon());
    document.addEventListener("click", (event) => {
      const target = event.target.closest?.("[data-play], [data-step]");
      if (!target) return;
      if (target.matches("[data-play]")) this.playing ? this.pause() : this.play();
      else this.step(Number(target.dataset.step));
    });
    document.addEventListener("visibilitychange", () => document.hidden && this.playing && this.pause());
  }

  // What the page says now; pictures that were fetched stay.
  renew(moments, at) {
    this.moments = moments;
    this.at = at;
    this.born = Date.now();
    const near = () => moments.slice(Math.max(0, at - NEAR), at + NEAR + 1).forEach((moment) => this.picture(moment));
    if (moments.length > 1 && at >= 0) (window.requestIdleCallback ?? setTimeout)(near);
    if (this.playing) this.mark(true);
  }

  // Whether somebody goes through the versions just now.
  get busy() {
    return this.playing || !document.getElementById("stage").hidden;
  }

  picture(moment) {
    if (!this.pictures.has(moment.id)) this.pictures.set(moment.id, this.fetch(moment));
    return this.pictures.get(moment.id);
  }

  async fetch(moment) {
    if (!moment.picture) return null;
    const image = new Image();
    image.alt = "";
    image.src = moment.picture;
    try {
      await image.decode();
      return image;
    } catch {
      this.pictures.delete(moment.id);
      return null;
    }
  }

  // -- moving

  step(by) {
    const to = this.at + by;
    if (this.at < 0 || to < 0 || to >= this.moments.length) return false;
    this.stop();
    this.show(to);
    this.settleSoon();
    return true;
  }

  slide(slider) {
    this.stop();
    clearTimeout(this.settling);
    this.show(Number(slider.value) - 1);
  }

  settleSoon() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(), SETTLE_MS);
  }

  async settle() {
    const wanted = this.moments[this.at];
    await this.go(wanted.page);
    if (!this.playing && this.moments[this.at]?.id === wanted.id) document.getElementById("stage").hidden = true;
  }

  // Show a version's picture above the page, and say which one it is.
  async show(to) {
    this.place(to);
    const moment = this.moments[to];
    const image = await this.picture(moment);
    if (this.at !== to) return;
    const stage = document.getElementById("stage");
    const words = [`Version ${moment.number}`, moment.words, moment.said].filter(Boolean).join(" · ");
    stage.querySelector(".stage-picture").replaceChildren(image ?? nothing(moment));
    stage.querySelector(".stage-said").textContent = words;
    stage.hidden = false;
  }

  place(to) {
    this.at = to;
    const moment = this.moments[to];
    const slider = document.querySelector("[data-slider]");
    if (!moment || !slider) return;
    slider.value = String(to + 1);
    slider.setAttribute("aria-valuetext", `Version ${moment.number}, ${moment.words}${moment.said ? `, ${moment.said}` : ""}`);
    document.querySelector('[data-step="-1"]').disabled = to === 0;
    document.querySelector('[data-step="1"]').disabled = to === this.moments.length - 1;
    this.write("[data-version-said]", `v${moment.number}`);
    this.write("[data-version-at]", when(moment.at));
  }

  write(place, text) {
    const element = document.querySelector(place);
    if (element) element.textContent = text;
  }

  // -- playing

  async play() {
    if (this.at < 0) return;
    this.playing = true;
    this.mark(true);
    if (Date.now() - this.born > 200000) this.moments = await this.fresh(this.moments);
    const from = this.at === this.moments.length - 1 ? 0 : this.at;
    let fetched = 0;
    const rest = this.moments.slice(from);
    await Promise.all(
      rest.map(async (moment) => {
        await this.picture(moment);
        fetched += 1;
        if (this.playing && fetched < rest.length) this.write("[data-version-at]", `fetching ${fetched} of ${rest.length}`);
      }),
    );
    if (this.playing) this.run(from);
  }

  async run(to) {
    await this.show(to);
    if (!this.playing) return;
    if (to < this.moments.length - 1) this.timer = setTimeout(() => this.run(to + 1), FRAME_MS);
    else this.timer = setTimeout(() => this.pause(), FRAME_MS);
  }

  pause() {
    if (!this.stop()) return false;
    this.settle();
    return true;
  }

  stop() {
    if (!this.playing) return false;
    this.playing = false;
    clearTimeout(this.timer);
    this.mark(false);
    return true;
  }

  mark(playing) {
    const button = document.querySelector("[data-play]");
    if (!button) return;
    button.firstElementChild.textContent = playing ? "❚❚" : "▶";
    const label = playing ? "Pause" : "Play the versions";
    button.setAttribute("aria-label", label);
    button.title = label;
  }
}

function when(time) {
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function nothing(moment) {
  const said = document.createElement("p");
  said.className = "quiet";
  said.textContent = `No picture: ${moment.words}.`;
  return said;
}
