# A worker's image: docker build -t aig . ; with other extras: --build-arg EXTRAS=run,faster-whisper,s3,ray
FROM python:3.11-slim
ARG EXTRAS=run,whisper,s3,dask
RUN useradd --create-home aig
WORKDIR /srv/aig
COPY pyproject.toml constraints.in constraints.txt README.md LICENSE ./
COPY aig aig
COPY core core
COPY datasets_registry datasets_registry
COPY extractors extractors
COPY filters filters
COPY prompts prompts
COPY generators generators
COPY shards shards
COPY pipelines pipelines
RUN pip install --no-cache-dir uv==0.13.9 \
 && uv pip install --system --no-cache -c constraints.in -c constraints.txt -e ".[${EXTRAS}]"
USER aig
ENV DO_NOT_TRACK=1 PREFECT_LOGGING_EXTRA_LOGGERS=aig,generators,extractors
CMD ["prefect", "worker", "start", "--pool", "aig", "--work-queue", "cpu"]
