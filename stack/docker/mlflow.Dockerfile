# The MLflow server, from the same lock as the stack without Docker.
FROM python:3.11-slim-bookworm

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    MALLOC_ARENA_MAX=2
RUN useradd --uid 50002 --create-home mlflow \
    && python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY stack/mlflow/requirements.txt /tmp/requirements.txt
RUN pip install --require-hashes --requirement /tmp/requirements.txt
COPY stack/docker/mlflow-auth.ini /etc/mlflow/auth.ini
COPY stack/docker/mlflow.sh /usr/local/bin/mlflow-server
USER 50002
WORKDIR /home/mlflow
EXPOSE 5000
ENTRYPOINT ["mlflow-server"]
