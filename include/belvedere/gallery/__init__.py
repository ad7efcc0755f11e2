"""The gallery: pages, JSON and live changes over the catalog, mounted into Airflow's API server."""
