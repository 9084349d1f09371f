# The commands sr-train, sr-predict, ... without a clone:
#   docker build -t sr-experiments .                                   # CPU
#   docker build -t sr-experiments --build-arg TORCH=cu128 .           # CUDA; cu126, cu128, cu130, ... as of PyTorch's index
#   docker run --rm -v "$PWD:/work" sr-experiments sr-predict weights=RUN input=photo.png output=large.png
#   docker run --rm --gpus all -v "$PWD:/work" sr-experiments sr-train device=gpu
FROM python:3.12-slim AS build
RUN pip install --no-cache-dir build "hatchling>=1.24"
COPY pyproject.toml README.md LICENSE CHANGELOG.md CITATION.cff /src/
COPY sr_experiments /src/sr_experiments
COPY hydra_plugins /src/hydra_plugins
COPY conf /src/conf
RUN python -m build --no-isolation --wheel --outdir /dist /src

FROM python:3.12-slim
ARG TORCH=cpu
# Of the pinned versions, those of torch belong to another index.
COPY constraints.txt /tmp/constraints.txt
COPY --from=build /dist /dist
RUN pip install --no-cache-dir uv \
    && grep -vE '^(torch|torchvision|triton|nvidia|cuda)' /tmp/constraints.txt > /tmp/others.txt \
    && uv pip install --system --no-cache --torch-backend "$TORCH" -c /tmp/others.txt /dist/*.whl \
    && rm -r /dist /tmp/*.txt
WORKDIR /work
ENV SR_CACHE=/work/.sr_cache
CMD ["sr-train", "--help"]
