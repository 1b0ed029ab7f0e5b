# The image of Sallyport: compiled sources, production packages, no root, no shell needed.
# Written for machines with a Docker engine: its steps are run by the tests, the image itself is not.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --include=optional
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:24-bookworm-slim AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Node comes with the image; the optional packages would bring a second one.
RUN npm ci --omit=dev --omit=optional

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /sallyport
COPY --from=packages /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json LICENSE ./
# The user `node` of the base image, as a number so that Kubernetes can see that it is not root.
USER 1000:1000
# SIGTERM reaches it as process 1; it drains and ends by itself.
ENTRYPOINT ["node", "/sallyport/dist/main.js"]
CMD ["serve", "--config", "/etc/sallyport/sallyport.yaml"]
