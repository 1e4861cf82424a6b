FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOFLAGS=-trimpath make build && mkdir /empty

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /src/bin/modicum /usr/bin/modicum
# State, keys and ledger: without a volume they end with the container.
COPY --from=build --chown=nonroot:nonroot /empty /data
VOLUME /data
ENV XDG_DATA_HOME=/data/caddy XDG_CONFIG_HOME=/data/caddy
EXPOSE 8080
ENTRYPOINT ["/usr/bin/modicum"]
CMD ["run", "--config", "/etc/modicum/Caddyfile"]
