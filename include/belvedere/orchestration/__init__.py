"""How Airflow drives Belvedere: the only room (beside dags and plugins) that knows Airflow."""
