# Build and runtime are the same distribution, so that hiredis is the one that the program was built with.
ARG SWIFT_IMAGE=swift:6.3-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${SWIFT_IMAGE} AS sources
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libhiredis-dev make pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /redis-proxy
# On their own, because the packages change less often than the sources.
COPY Package.swift ./
RUN swift package resolve
COPY . .

# docker build --target test .
FROM sources AS test
RUN make test

FROM sources AS build
RUN Scripts/build.sh \
    && install --strip .build/release/redis-proxy /usr/local/bin/

FROM ${RUNTIME_IMAGE} AS runtime
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libhiredis0.14 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin redis-proxy
COPY --from=build /usr/local/bin/redis-proxy /usr/local/bin/redis-proxy
# By number, so that an orchestrator can see that it is not root.
USER 10001
# The health check asks this port; it listens on loopback unless ADMIN_HOST says otherwise.
ENV ADMIN_PORT=9121
EXPOSE 8000 9121
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["redis-proxy", "--health"]
ENTRYPOINT ["redis-proxy"]
