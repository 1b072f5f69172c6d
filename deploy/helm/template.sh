#!/bin/sh
# Prints what the chart installs: 'helm template', or the same engine without helm (needs Go, sprig and yaml.v3, on Debian
# golang-go, golang-github-masterminds-sprig-dev and golang-gopkg-yaml.v3-dev).
#
#   deploy/helm/template.sh RELEASE [VALUES]
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
[ $# = 1 ] || [ $# = 2 ] || {
	echo "usage: template.sh RELEASE [VALUES]" >&2
	exit 2
}
if command -v helm >/dev/null 2>&1; then
	exec helm template "$1" "$here/faultline" ${2:+--values "$2"}
fi
command -v go >/dev/null 2>&1 || {
	echo "template.sh: neither helm nor go (expected: apt-get install golang-go golang-github-masterminds-sprig-dev golang-gopkg-yaml.v3-dev)" >&2
	exit 1
}
GO111MODULE=off GOPATH=/usr/share/gocode exec go run "$here/render/main.go" "$here/faultline" "$1" ${2:+"$2"}
