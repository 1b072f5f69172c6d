#!/bin/sh
# Installs what is missing, builds, and shows Faultline on a small btrfs of its own. Leaves nothing behind but packages
# and the build. May be run again at any time.
. "$(dirname -- "$0")/setup.sh"

need_root
need_build
install_missing
build
say "faultline demo"
exec "$root/faultline" demo "$@"
