// Draws the artifact's chart without eval: expressions are interpreted.
const COMPOSED = ["hconcat", "vconcat", "concat", "facet", "repeat"];

// Vega-Lite stretches single and layered views only
function fits(spec) {
  const faceted = ["row", "column", "facet"].some((channel) => spec.encoding?.[channel]);
  return spec.width === undefined && !faceted && !COMPOSED.some((name) => name in spec);
}

(async () => {
  const place = document.getElementById("chart");
  const trouble = document.getElementById("trouble");
  try {
    const spec = JSON.parse(document.getElementById("spec").textContent);
    const dark = document.documentElement.dataset.theme === "dark";
    const mode = place.dataset.mode;
    if (mode === "vega-lite" && fits(spec)) spec.width = "container";
    await vegaEmbed(place, spec, {
      mode,
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
