// Draws the artifact's chart without eval: expressions are interpreted.
(async () => {
  const place = document.getElementById("chart");
  const trouble = document.getElementById("trouble");
  try {
    const spec = JSON.parse(document.getElementById("spec").textContent);
    const dark = document.documentElement.dataset.theme === "dark";
    if (spec.width === undefined) spec.width = "container";
    await vegaEmbed(place, spec, {
      mode: "vega-lite",
      ast: true,
      expr: vegaInterpreter.expressionInterpreter,
      actions: false,
      renderer: "svg",
      theme: dark ? "dark" : undefined,
      config: { background: "transparent" },
    });
  } catch (error) {
    trouble.hidden = false;
    trouble.textContent = `The interactive chart could not be drawn: ${error.message}`;
  }
})();
