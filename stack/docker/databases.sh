#!/bin/bash
# PostgreSQL's image runs this on an empty data folder: a database and its owner for Airflow, the catalog and MLflow.
set -euo pipefail

make_database() {
    psql --username "$POSTGRES_USER" --set ON_ERROR_STOP=1 --set name="$1" --set password="$2" <<'SQL'
create role :"name" login password :'password';
create database :"name" owner :"name";
SQL
}
make_database airflow "$AIRFLOW_DATABASE_PASSWORD"
make_database belvedere "$CATALOG_PASSWORD"
make_database mlflow "$MLFLOW_DATABASE_PASSWORD"
