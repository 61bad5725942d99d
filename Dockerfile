# The command in a small image:
#   docker build -t dechaff .
#   docker run --rm -i dechaff clean < article.txt
#   docker run --rm -v "$PWD:/data" --user "$(id -u)" dechaff bulk crawl/ -o clean/
FROM python:3.13-slim AS build
# Those of pyproject.toml, by commas; docs/usage.md says what each is for.
ARG EXTRAS=bulk
WORKDIR /src
COPY requirements.lock ./
# Versions are those of the lock; its hashes would be asked of the wheel that is built here too.
RUN sed -E '/^ +--hash/d; s/ \\$//' requirements.lock > /constraints.txt \
    && python -m venv /opt/dechaff
COPY pyproject.toml README.md CHANGELOG.md LICENSE ./
COPY model model
COPY training training
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && /opt/dechaff/bin/pip install --no-cache-dir --constraint /constraints.txt "dechaff[${EXTRAS}] @ file://$(ls /wheels/*.whl)" \
    && /opt/dechaff/bin/pip uninstall --yes pip

FROM python:3.13-slim
COPY --from=build /opt/dechaff /opt/dechaff
ENV PATH=/opt/dechaff/bin:$PATH
# A number, so that Kubernetes can see that it is not root.
USER 10001
WORKDIR /data
ENTRYPOINT ["dechaff"]
CMD ["--help"]
