"""Charts as data: Vega and Plotly made harmless and drawn."""
