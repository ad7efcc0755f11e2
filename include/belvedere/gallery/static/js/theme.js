// Sets the colours before anything is drawn: those of the Airflow page around, those chosen in Airflow, or those the
// person prefers.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const around = () => {
    try {
      return parent === window ? null : parent.document.documentElement;
    } catch {
      return null;
    }
  };
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
  document.documentElement.classList.toggle("framed", alone);
  const apply = () => {
    const classes = around()?.classList;
    const said = classes?.contains("dark") ? "dark" : classes?.contains("light") ? "light" : told ?? chosen();
    const theme = said ?? (dark.matches ? "dark" : "light");
    const root = document.documentElement;
    if (root.dataset.theme === theme) return;
    root.dataset.theme = theme;
    dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  const frame = around();
  if (frame) new MutationObserver(apply).observe(frame, { attributes: true, attributeFilter: ["class"] });
})();
