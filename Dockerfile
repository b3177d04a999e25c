# The service: app/, model/ and the shipped bundles. No torch, no compiler, not root.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY model model
RUN python -m venv /opt/likewise \
    && /opt/likewise/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.11-slim-bookworm
COPY --from=build /opt/likewise /opt/likewise
ENV LIKEWISE_HOST=0.0.0.0 LIKEWISE_PORT=8000 LIKEWISE_LOG_FORMAT=json PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
    CMD ["/opt/likewise/bin/python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['LIKEWISE_PORT'] + '/readyz', timeout=2)"]
WORKDIR /tmp
CMD ["/opt/likewise/bin/python", "-m", "app"]
