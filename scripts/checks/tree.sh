# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# tree.sh - sourced by scripts that look at the whole tree, from its top folder

# The files of the tree, NUL-terminated: what git knows or would add; a copy
# without .git is taken whole, but for what a build or a run leaves.
tree_files() {
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . \( -path ./build -o -path ./.run \) -prune -o \
			-type f -printf '%P\0'
	fi | while IFS= read -r -d '' file; do
		[[ ! -f $file ]] || printf '%s\0' "$file"
	done
}

need() { # COMMAND: a check that cannot be made says so and is skipped
	command -v "$1" >/dev/null || {
		echo "SKIPPED: $1 is not installed (scripts/setup test)"
		exit 4
	}
}

scratch_folder() { # sets $scratch, removed on exit
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/sip-anycast-check.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
}
