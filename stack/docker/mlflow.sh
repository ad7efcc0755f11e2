#!/bin/bash
# MLflow reads the address of its authentication database from a file only: write it from the environment, privately.
set -euo pipefail
umask 077

settings=$(mktemp)
while IFS= read -r line; do
    printf '%s\n' "${line//@DATABASE_URI@/${MLFLOW_BACKEND_STORE_URI//%/%%}}"
done </etc/mlflow/auth.ini >"$settings"
export MLFLOW_AUTH_CONFIG_PATH=$settings

exec mlflow server --host 0.0.0.0 --port 5000 --workers 1 --app-name basic-auth --enable-workspaces \
    --artifacts-destination s3://mlpipeline/mlflow --allowed-hosts "mlflow:5000,localhost:*,127.0.0.1:*"
