# The interpreter that the tests run on. Pin it by digest in your own registry: --build-arg PYTHON=python@sha256:…
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /build
COPY requirements/server.txt requirements/server.txt
# Every package has one version and its hash, and nothing is compiled: no package runs code of its own here.
RUN python -m venv /opt/lucky-mcp \
 && /opt/lucky-mcp/bin/pip install --require-hashes --only-binary :all: --requirement requirements/server.txt
COPY pyproject.toml LICENSE ./
COPY prompts prompts
COPY policies policies
COPY src src
# The package itself, and without what only building needed. Bytecode is written now: later nothing can be.
RUN /opt/lucky-mcp/bin/pip install --no-deps --no-build-isolation . \
 && /opt/lucky-mcp/bin/pip uninstall --quiet --yes hatchling pathspec pluggy trove-classifiers \
 && /opt/lucky-mcp/bin/python -m pip uninstall --quiet --yes pip setuptools \
 && rm -rf /opt/lucky-mcp/lib/python*/site-packages/pyarrow/include \
           /opt/lucky-mcp/lib/python*/site-packages/pyarrow/tests \
 && /opt/lucky-mcp/bin/python -m compileall -q /opt/lucky-mcp/lib \
 && /opt/lucky-mcp/bin/lucky-mcp --help >/dev/null

FROM ${PYTHON}
RUN groupadd --gid 10001 lucky \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin lucky \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/lucky-mcp
COPY --from=build /opt/lucky-mcp /opt/lucky-mcp
ENV PATH=/opt/lucky-mcp/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LUCKY_STATE=/var/lib/lucky-mcp \
    LUCKY_HOST=0.0.0.0 \
    LUCKY_PORT=8765
# All that is ever written: tokens, stops, the audit. The rest may be read-only.
VOLUME /var/lib/lucky-mcp
WORKDIR /
USER 10001:10001
EXPOSE 8765 9464
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['LUCKY_PORT']}/health/live\", timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["lucky-mcp"]
CMD ["serve", "--transport", "http"]
