#!/bin/bash
# Runs in a guest without gfs2: a recorder is there before the module, lets go of it when asked, and takes it again.
set -eu
log=$LAB_OUT/log

until_said() { # COUNT TEXT: until the recorder has said it that often
	local deadline=$((SECONDS + 240))
	until [ "$(grep -c "$2" "$log")" -ge "$1" ]; do
		[ $SECONDS -lt $deadline ] || { echo "not said: $2" >&2; cat "$log" >&2; exit 1; }
		read -r -t 0.1 <> <(:) || true
	done
}

faultline record -o "$LAB_OUT/module.fl" 2>"$log" &
recorder=$!
until_said 1 '^recording'
modprobe gfs2
until_said 1 'glock_queue: attached'
truncate -s 256M /run/gfs2.image
mkfs.gfs2 -q -p lock_nolock -j 1 -J 8 -O /run/gfs2.image
mkdir -p /run/gfs2
mount -o loop -t gfs2 /run/gfs2.image /run/gfs2
echo x >/run/gfs2/file
umount /run/gfs2
rmmod gfs2 2>&1 && { echo "rmmod: worked while attached" >&2; exit 1; }
faultline release gfs2 # for a minute
rmmod gfs2
until_said 1 'glock_queue: detached'
modprobe gfs2
rm /run/faultline/release-gfs2 # the minute is over
until_said 2 'glock_queue: attached'
kill -TERM $recorder
wait $recorder
