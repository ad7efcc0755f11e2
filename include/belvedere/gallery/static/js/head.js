// What has to be there before anything is drawn or clicked. The colours: those of the Airflow page around, those chosen
// in Airflow, or those the person prefers. And links to Airflow's own pages, which go through the router of the page
// around: clicked before that is seen to, one would load Airflow into Airflow's frame. Then the page's own scripts begin.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const host = () => {
    try {
      return parent !== window && parent.document ? parent : null;
    } catch {
      return null;
    }
  };
  const around = () => host()?.document.documentElement;
  // Airflow keeps the choice of light or dark here, for pages of the same origin; "system" leaves it to the machine.
  const chosen = () => {
    try {
      const word = localStorage.getItem("theme");
      return word === "dark" || word === "light" ? word : null;
    } catch {
      return null;
    }
  };
  // In a frame that may not look around itself, the address says what is around.
  const alone = parent !== window && !around();
  const told = alone ? new URLSearchParams(location.search).get("theme") : null;
  root.classList.toggle("framed", alone);
  const apply = () => {
    const classes = around()?.classList;
    const said = classes?.contains("dark") ? "dark" : classes?.contains("light") ? "light" : told ?? chosen();
    const theme = said ?? (dark.matches ? "dark" : "light");
    if (root.dataset.theme === theme) return;
    root.dataset.theme = theme;
    // The server writes it into the next page, and into the address of its first frame. A frame may not write cookies.
    if (!alone) document.cookie = `belvedere-theme=${theme}; path=${root.dataset.root}/; max-age=31536000; samesite=lax`;
    dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  const frame = around();
  if (frame) new MutationObserver(apply).observe(frame, { attributes: true, attributeFilter: ["class"] });
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-airflow]");
    const airflow = host();
    if (!link || !airflow || event.defaultPrevented || event.button !== 0) return;
    event.preventDefault();
    const there = new URL(link.href);
    airflow.history.pushState({}, "", there.pathname + there.search);
    airflow.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  });
  // The first frame comes with the page, before any module: what it says of itself meanwhile is kept for frames.js.
  const isFrame = (one) => one.matches?.("iframe");
  document.addEventListener("load", ({ target }) => isFrame(target) && target.parentElement.removeAttribute("aria-busy"), true);
  addEventListener("message", ({ source, data }) => {
    if (data?.belvedere !== "height") return;
    const frame = [...document.querySelectorAll("iframe")].find((one) => one.contentWindow === source);
    if (frame) frame.said = data;
  });
  // What the server has drawn comes first: no module is fetched before the page is read, on the wall before it is drawn.
  const { src, dataset } = document.currentScript;
  const addresses = (names) => (names ? names.split(" ") : []).map((name) => new URL(`${name}.js`, src).href);
  // Who presses a button before the first of them is there, which is the page's own, has not pressed in vain.
  let pressed = null;
  const keep = ({ target }) => (pressed = target.closest?.("button[type=button]:not([popovertarget])") ?? pressed);
  const begun = () => {
    removeEventListener("click", keep, true);
    if (pressed?.isConnected) pressed.click();
    pressed = null;
  };
  if (dataset.begin) addEventListener("click", keep, true);
  const begin = () => {
    for (const href of addresses(dataset.modules)) document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href }));
    const scripts = addresses(dataset.begin).map((address) => Object.assign(document.createElement("script"), { type: "module", src: address }));
    document.head.append(...scripts);
    scripts[0]?.addEventListener("load", begun);
  };
  const drawn = () => requestAnimationFrame(() => setTimeout(begin));
  document.addEventListener("DOMContentLoaded", dataset.after === "drawn" && !document.hidden ? drawn : begin);
})();
