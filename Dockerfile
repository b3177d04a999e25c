# The service: app/, model/ and the shipped bundles. No torch, no compiler, no pip of its own, not root.
#
#   docker build .                  graphs run on the CPU
#   docker build --target cuda .    on NVIDIA GPUs (driver 580 or newer): gigabytes
#   docker build --target bulk .    no service: python -m bulk, for jobs over many images

# A tag may name another image tomorrow: `make digests` prints it with its digest, for .env
ARG BASE=python:3.11-slim-bookworm

# Dependencies come first: their layer is cached until their lock changes. Only files with the hashes
# of the lock are installed. ONNX Runtime's converters of transformers, 8 MB, are not for serving.
FROM ${BASE} AS dependencies
WORKDIR /src
COPY requirements/service.txt ./
RUN python -m venv --without-pip /opt/likewise \
    && pip --python /opt/likewise/bin/python --disable-pip-version-check \
        install --no-cache-dir --no-deps --require-hashes -r service.txt \
    && rm -r /opt/likewise/lib/python3*/site-packages/onnxruntime/transformers

FROM ${BASE} AS package
WORKDIR /src
COPY requirements/build.txt ./
RUN pip --disable-pip-version-check install --no-cache-dir --no-deps --require-hashes -r build.txt
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY model model
RUN pip --disable-pip-version-check wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /package .

FROM dependencies AS cpu-build
COPY --from=package /package /package
RUN pip --python /opt/likewise/bin/python install --no-cache-dir --no-deps /package/*.whl

# Both wheels contain the module `onnxruntime`, so the CPU one is removed first.
FROM dependencies AS cuda-dependencies
COPY requirements/cuda.txt ./
RUN pip --python /opt/likewise/bin/python uninstall --yes onnxruntime \
    && pip --python /opt/likewise/bin/python --disable-pip-version-check \
        install --no-cache-dir --no-deps --require-hashes -r cuda.txt

FROM cuda-dependencies AS cuda-build
COPY --from=package /package /package
RUN pip --python /opt/likewise/bin/python install --no-cache-dir --no-deps /package/*.whl

FROM ${BASE} AS runtime
ENV LIKEWISE_HOST=0.0.0.0 LIKEWISE_PORT=8000 LIKEWISE_LOG_FORMAT=json \
    PATH=/opt/likewise/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# A numeric user, so that Kubernetes can check that it is not root.
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=2 \
    CMD ["sh", "-c", "exec /opt/likewise/bin/python -I -m app.server.healthcheck $LIKEWISE_PORT"]
CMD ["/opt/likewise/bin/python", "-m", "app"]
LABEL org.opencontainers.image.title="Likewise" \
    org.opencontainers.image.description="Same or different? An energy, a decision, and how often it is wrong." \
    org.opencontainers.image.licenses="Apache-2.0"

FROM runtime AS cuda
ENV LIKEWISE_PROVIDER=cuda
COPY --from=cuda-build /opt/likewise /opt/likewise

FROM ${BASE} AS bulk-dependencies
WORKDIR /src
COPY requirements/bulk.txt ./
RUN python -m venv --without-pip /opt/likewise \
    && pip --python /opt/likewise/bin/python --disable-pip-version-check \
        install --no-cache-dir --no-deps --require-hashes -r bulk.txt

FROM package AS bulk-package
COPY bulk bulk
RUN rm -r /package \
    && pip --disable-pip-version-check wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /package .

FROM bulk-dependencies AS bulk-build
COPY --from=bulk-package /package /package
RUN pip --python /opt/likewise/bin/python install --no-cache-dir --no-deps /package/*.whl

FROM runtime AS bulk
HEALTHCHECK NONE
ENTRYPOINT ["/opt/likewise/bin/python", "-m", "bulk"]
CMD []
COPY --from=bulk-build /opt/likewise /opt/likewise

# A build without --target makes the last target.
FROM runtime AS cpu
ENV LIKEWISE_PROVIDER=cpu
COPY --from=cpu-build /opt/likewise /opt/likewise
