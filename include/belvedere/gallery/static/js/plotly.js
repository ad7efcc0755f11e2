// Draws the artifact's Plotly figure: its data are in the page, nothing is sent or fetched.
(async () => {
  const place = document.getElementById("chart");
  const trouble = document.getElementById("trouble");
  const tell = (text) => {
    trouble.hidden = false;
    trouble.textContent = `The interactive chart could not be drawn in full: ${text}`;
  };
  try {
    const figure = JSON.parse(document.getElementById("spec").textContent);
    const layout = { autosize: true, ...figure.layout };
    // the figure's own paper stays: colours chosen for white would be lost on a dark one
    const own = layout.paper_bgcolor ?? layout.plot_bgcolor ?? layout.template?.layout?.paper_bgcolor;
    if (document.documentElement.dataset.theme === "dark" && own === undefined) {
      layout.paper_bgcolor = "rgba(0,0,0,0)";
      layout.plot_bgcolor = "rgba(0,0,0,0)";
      layout.font = { color: "#e6eaf0", ...layout.font };
      for (const name of new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis/.test(key))])) {
        layout[name] = { gridcolor: "#374357", zerolinecolor: "#55637a", ...layout[name] };
      }
    }
    const config = { responsive: true, displaylogo: false, showSendToCloud: false, plotlyServerURL: "" };
    await Plotly.newPlot(place, figure.data, layout, config);
    if (figure.frames?.length) await Plotly.addFrames(place, figure.frames);
  } catch (error) {
    tell(error.message);
  }
})();
