# The image of Sallyport: compiled sources and production packages on a base without a shell, run by a user that
# owns nothing in it. docs/kubernetes.md says how to build and pin it.
# Written for machines with a Docker engine. test/integration/image-layout.test.ts follows these lines without one:
# it copies what they copy, and runs the result as this user on a read-only tree.
# For a build that can be repeated, give both bases by digest: --build-arg RUNTIME_IMAGE=…@sha256:…
ARG BUILD_IMAGE=node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --include=optional
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM ${BUILD_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Node comes with the image; the optional packages would bring a second one.
RUN npm ci --omit=dev --omit=optional

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sallyport" \
  org.opencontainers.image.description="The identity sidecar for Envoy" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
WORKDIR /sallyport
COPY --from=packages /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json LICENSE ./
# The user `nonroot` of the base, as a number so that Kubernetes can see that it is not root.
USER 65532:65532
# Process 1 hears it, drains and ends by itself.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/nodejs/bin/node", "/sallyport/dist/main.js"]
CMD ["serve", "--config", "/etc/sallyport/sallyport.yaml"]
