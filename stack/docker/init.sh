#!/bin/bash
# Runs once before Airflow's processes: databases to their newest schemas, the three users. Harmless when repeated.
set -euo pipefail

airflow db migrate

python - <<'PYTHON'
from belvedere.catalog.schema import migrate
from belvedere.settings import settings

migrate(settings().catalog_dsn.get_secret_value())
PYTHON

ensure_user() {
    local name=$1 role=$2 password=$3
    airflow users create --username "$name" --role "$role" --password "$password" \
        --firstname "$name" --lastname Belvedere --email "$name@belvedere.invalid" ||
        airflow users reset-password --username "$name" --password "$password"
}
ensure_user admin Admin "$AIRFLOW_ADMIN_PASSWORD"
ensure_user belvedere Op "$BELVEDERE_DISPATCHER_PASSWORD"
ensure_user viewer Viewer "$AIRFLOW_VIEWER_PASSWORD"
# FAB shows these roles no plugins at first, and so no gallery.
airflow roles add-perms User Viewer --action can_read --resource Plugins
