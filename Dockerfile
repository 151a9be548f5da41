# One image for every command of marketmind-scheduler.
FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/scheduler
ENV PATH=/opt/scheduler/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements-image.txt .
RUN pip install --require-hashes -r requirements-image.txt
COPY requirements-build.txt .
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY src src
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /build/wheels . \
 && pip install --no-deps /build/wheels/*.whl \
 && pip uninstall --yes pip

FROM python:3.13-slim
RUN python -m pip uninstall --yes pip && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin scheduler
COPY --from=build /opt/scheduler /opt/scheduler
# PYTHONTZPATH: zone rules come from the locked tzdata package, never from the image's own files.
ENV PATH=/opt/scheduler/bin:$PATH PYTHONTZPATH= PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SCHEDULER_HOST=0.0.0.0 SCHEDULER_PORT=8000
USER 10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['SCHEDULER_PORT'] + '/health/ready', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["marketmind-scheduler"]
CMD ["serve"]
