# MinIO's own images are gone; this builds the same Go module version as the stack without Docker does.
FROM golang:1.26-bookworm AS build

ARG MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
RUN CGO_ENABLED=0 go install "github.com/minio/minio@${MINIO_VERSION}"


FROM debian:bookworm-slim

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 50001 minio \
    && mkdir -p /data /queue \
    && chown minio /data /queue
COPY --from=build /go/bin/minio /usr/local/bin/minio
USER 50001
VOLUME ["/data", "/queue"]
EXPOSE 9000 9001
ENTRYPOINT ["minio"]
CMD ["server", "--address", ":9000", "--console-address", ":9001", "/data"]
