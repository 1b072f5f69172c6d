#!/bin/sh
# Installs what is missing and runs every test: unit tests, live ones on the running kernel, and those of the lab, on other
# kernels in guests. --quick leaves the lab out. May be run again at any time. Tests that this machine cannot run are
# skipped, and say why.
. "$(dirname -- "$0")/setup.sh"

quick=false
if [ "${1:-}" = --quick ]; then
	quick=true
	shift
fi
need_root
need_build
need gcc gcc gcc
need mkfs.xfs xfsprogs xfsprogs
need mkfs.ext4 e2fsprogs e2fsprogs
need bpftool bpftool bpftool
need unshare util-linux util-linux
need setpriv util-linux util-linux
need chromium chromium chromium
need tmux tmux tmux
need fio fio fio
need python3 python3 python3
need rpmbuild rpm rpm-build
need systemd-analyze systemd systemd
need influxd influxdb influxdb
need victoria-metrics victoria-metrics victoria-metrics
need promtool prometheus golang-github-prometheus
need prometheus prometheus golang-github-prometheus
install_missing
need prometheus-alertmanager prometheus-alertmanager alertmanager
(install_missing) || say "Alertmanager cannot be had here, its test will be skipped"
missing=""
need node nodejs nodejs
need npm npm npm
(install_missing) || say "node and npm cannot be had here, the check of the dashboards against Grafana's types will be skipped"
missing=""
need go golang-go golang
need /usr/share/gocode/src/github.com/Masterminds/sprig golang-github-masterminds-sprig-dev golang-github-masterminds-sprig-devel
need /usr/share/gocode/src/gopkg.in/yaml.v3 golang-gopkg-yaml.v3-dev golang-gopkg-yaml-3-devel
(install_missing) || say "Go cannot be had here, the Helm chart will not be checked"
missing=""
if [ $quick = false ]; then
	need debootstrap debootstrap debootstrap
	(install_missing) || say "debootstrap cannot be had here, packages are not installed in a root of their own"
	missing=""
	need buildah buildah buildah
	(install_missing) || say "buildah cannot be had here, the image is not built"
	missing=""
	# The lab is not for every machine: what it lacks it says itself.
	need_lab
	(install_missing) || say "the lab's programs cannot be had here, its tests will be skipped"
	missing=""
	need_cluster
	(install_missing) || say "the lab's cluster programs cannot be had here, no guests in twos"
fi
say "mvn verify"
cd "$root"
exec mvn -B -ntp -Dfaultline.quick=$quick "$@" verify
