# Shared by scripts that fetch packages of other Debian suites than this machine's. Sourced by bash, not run; needs a function
# fail MESSAGE that does not return.

# Lists Debian suites in a folder of their own, on the site this machine is configured for; sets apt, the options to use them.
list_suites() { # FOLDER SUITE...
	local folder=$1 site suite
	shift
	# shellcheck disable=SC2016 # for apt
	site=$(apt-get indextargets --format '$(SITE)' 'Codename: bookworm' 2>/dev/null | grep -v security | head -n 1)
	# shellcheck disable=SC2016
	site=${site:-$(apt-get indextargets --format '$(SITE)' | head -n 1)}
	[ -n "$site" ] || fail "no package source configured (expected: apt-get update works)"
	rm -rf "$folder" && mkdir -p "$folder/lists/partial"
	for suite in "$@"; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $suite main"
	done >"$folder/source.list"
	apt=(
		-q -o "Dir::Etc::sourcelist=$folder/source.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::Lists=$folder/lists"
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
	)
	apt-get "${apt[@]}" update >"$folder/log" 2>&1 || fail "$*: cannot be listed, see $folder/log"
}
