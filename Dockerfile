# Airflow with Belvedere in it. Every Airflow process of docker-compose.yaml runs from this one image.
FROM python:3.11-slim-bookworm AS packages

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /build
COPY requirements.txt ./
RUN pip install --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md ./
COPY include ./include
RUN pip install --no-deps .


FROM python:3.11-slim-bookworm

# bubblewrap: the sandbox for users' code; fonts: what figures are drawn with.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        bubblewrap fonts-dejavu-core fonts-liberation fonts-noto-core fonts-noto-color-emoji \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 50000 --create-home --home-dir /opt/airflow belvedere

COPY --from=packages /opt/venv /opt/venv
COPY dags /opt/belvedere/dags
COPY plugins /opt/belvedere/plugins
COPY stack/docker/init.sh /opt/belvedere/init.sh

ENV PATH=/opt/venv/bin:$PATH \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/belvedere/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/belvedere/plugins \
    MALLOC_ARENA_MAX=2 \
    MPLBACKEND=Agg
RUN mkdir -p /opt/airflow/logs && chown belvedere /opt/airflow/logs
USER 50000
WORKDIR /opt/airflow
ENTRYPOINT ["airflow"]
CMD ["version"]
