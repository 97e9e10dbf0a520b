#!/bin/sh
# Installs a program with its files below a directory; used for the packages and the release.
# Run "deno task compile" and "deno task generate" first.
set -eu

usage='usage: deploy/install.sh pkgstash|pkgstash-builder DIRECTORY'
name=${1:?$usage}
root=${2:?$usage}
cd "$(dirname "$0")/.."

install -Dm755 "dist/$name" "$root/usr/bin/$name"
install -Dm644 "deploy/$name.service" "$root/usr/lib/systemd/system/$name.service"
install -Dm644 "deploy/$name.sysusers" "$root/usr/lib/sysusers.d/$name.conf"
install -Dm644 "deploy/$name.tmpfiles" "$root/usr/lib/tmpfiles.d/$name.conf"
install -Dm644 "deploy/$name.toml" "$root/etc/$name/$name.toml"
install -Dm644 LICENSE "$root/usr/share/licenses/$name/LICENSE"
case $name in
  pkgstash)
    share=dist/share
    install -Dm644 -t "$root/usr/lib/systemd/system" deploy/pkgstash-refresh.service \
      deploy/pkgstash-refresh.timer
    install -Dm640 deploy/pkgstash.env "$root/etc/pkgstash/pkgstash.env"
    install -Dm644 -t "$root/usr/share/doc/pkgstash" README.md CHANGELOG.md deploy/nginx.conf \
      deploy/nginx-cluster.conf deploy/nginx-direct.conf deploy/haproxy.cfg \
      deploy/monitoring/alerts.yml deploy/monitoring/grafana-dashboard.json
    install -Dm644 -t "$root/usr/share/doc/pkgstash/docs" docs/*.md
    install -Dm644 -t "$root/usr/share/doc/pkgstash/docs/images" docs/images/*.png
    ;;
  pkgstash-builder)
    share=dist/share-builder
    install -Dm640 /dev/null "$root/etc/pkgstash-builder/token"
    ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
(cd "$share" && find . -type f) | while read -r file; do
  install -Dm644 "$share/$file" "$root/usr/share/$file"
done
