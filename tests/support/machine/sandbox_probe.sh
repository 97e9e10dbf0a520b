#!/bin/sh
# Runs as the user of the service, with or without its sandbox, and prints what is possible.
try() {
  what=$1
  shift
  if "$@" >/dev/null 2>&1; then echo "$what: possible"; else echo "$what: refused"; fi
}
try "write the cache" touch /var/cache/pkgstash/probe
for place in /etc /etc/pkgstash /usr /var/lib /var/log /home /root /run /dev /sys; do
  try "write $place" touch "$place/probe"
done
try "write where everybody may" touch /opt/open/probe
try "see home" test -e /home/user/secret
try "see root's home" test -e /root/secret
try "see another's process" test -e /proc/1/status
try "see the machine's temporary files" test -e /tmp/visible
try "see disks" test -e /dev/kmsg
try "gain privileges" su -c true
try "mount" mount -t tmpfs tmpfs /var/cache/pkgstash
try "make a namespace" unshare --user true
try "set the host's name" hostname other
try "set the clock" date --set=2030-01-01
try "change its personality" setarch --addr-no-randomize true
try "change owners" chown root /var/cache/pkgstash/probe
try "raise its priority" nice -n -5 sh -c 'test "$(nice)" = -5'
grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd):' /proc/self/status
