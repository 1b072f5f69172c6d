#!/bin/sh
# Puts the tree of an installation together from a build: what deb, rpm, image and install.sh have in common.
#   stage.sh DESTDIR
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
mkdir -p "${1:?DESTDIR}"
dest=$(CDPATH='' cd -- "$1" && pwd)
target="$root/collector/target"

fail() {
	echo "stage: $*" >&2
	exit 1
}

jar=$(ls "$target"/faultline-collector-*.jar 2>/dev/null | head -n 1)
[ -n "$jar" ] || fail "no jar in $target (expected: mvn package)"
case $(uname -m) in
x86_64) jna=linux-x86-64 zstd=linux/amd64 rocks=linux64 ;;
aarch64) jna=linux-aarch64 zstd=linux/aarch64 rocks=linux-aarch64 ;;
*) fail "$(uname -m): no such build (expected: x86_64 or aarch64)" ;;
esac

rm -rf "$dest"
lib="$dest/usr/lib/faultline"
mkdir -p "$lib/lib" "$lib/native" "$dest/usr/bin" "$dest/etc/faultline" "$dest/usr/share/doc/faultline"
cp "$root/faultline" "$dest/usr/bin/"
cp "$here/end-all" "$jar" "$lib/"
cp "$target"/lib/*.jar "$lib/lib/"
# RocksDB's jar has fourteen libraries of 15 MB: the package keeps that of its own architecture, and the classes.
for one in "$lib"/lib/rocksdbjni-*.jar; do
	part="$dest.part"
	rm -rf "$part" && mkdir -p "$part"
	(cd "$part" && "${JAVA_HOME:+$JAVA_HOME/bin/}jar" xf "$one")
	mv "$part/librocksdbjni-$rocks.so" "$lib/native/"
	rm -f "$part"/librocksdbjni-*
	# In the order of the names, with the time of the build: the same bytes again.
	(cd "$part" && find . -type f | LC_ALL=C sort >"$dest.list" && "${JAVA_HOME:+$JAVA_HOME/bin/}jar" --create --file "$one" --no-manifest --date=2026-11-01T00:00:00Z "@$dest.list")
	rm -rf "$part" "$dest.list"
done
# Out of their jars: nothing is to be unpacked into /tmp at run time.
unpack() { # JAR FILE
	(cd "$lib/native" && "${JAVA_HOME:+$JAVA_HOME/bin/}jar" xf "$1" "$2" && mv "$2" . && rm -r "${2%%/*}")
}
for one in "$lib"/lib/jna-*.jar; do unpack "$one" "com/sun/jna/$jna/libjnidispatch.so"; done
for one in "$lib"/lib/zstd-jni-*.jar; do
	version=${one##*/zstd-jni-}
	unpack "$one" "$zstd/libzstd-jni-${version%.jar}.so"
done

mkdir -p "$dest/usr/lib/systemd/system" "$dest/usr/lib/sysusers.d" "$dest/usr/lib/tmpfiles.d"
cp "$here"/systemd/*.service "$dest/usr/lib/systemd/system/"
cp "$here/systemd/sysusers.conf" "$dest/usr/lib/sysusers.d/faultline.conf"
cp "$here/systemd/tmpfiles.conf" "$dest/usr/lib/tmpfiles.d/faultline.conf"
cp "$here/agent.yaml" "$dest/etc/faultline/"
cp "$root/README.md" "$root/CHANGELOG.md" "$root/collector/RULES.md" "$dest/usr/share/doc/faultline/"
{
	echo "Faultline: Apache-2.0, /usr/share/common-licenses/Apache-2.0. Programs for the kernel, in bpf/: GPL-2.0 OR BSD-2-Clause."
	echo "Its libraries are jars in /usr/lib/faultline/lib, each with its licence inside."
} >"$dest/usr/share/doc/faultline/copyright"
chmod -R u=rwX,go=rX "$dest"
chmod 755 "$dest/usr/bin/faultline"
