"""Drawing by hand: SVG, axes, plots, heat maps, graphs."""
