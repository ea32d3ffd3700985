#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fuzz-run.sh NAME BINARY SECONDS WORK CORPUS [DICTIONARY]
#
# Runs one libFuzzer target for SECONDS on a copy of its corpus, so that a run
# never changes the source tree.  New inputs stay in WORK/corpus and feed the
# next run; an input that breaks the target stays in WORK/found and its path
# is printed: move it into the corpus once the fault is mended.
set -euo pipefail

name=$1 binary=$2 seconds=$3 work=$4 corpus=$5 dictionary=${6:-}

if [[ -z $(find "$corpus" -type f -print -quit) ]]; then
	echo "fuzz.$name: no input in the corpus $corpus" >&2
	exit 1
fi

mkdir -p "$work/corpus" "$work/found"
cp -R "$corpus/." "$work/corpus/"

# The short run of every day takes one seed, so that it says of this change what
# it said of it yesterday; a long one goes where none has been.
seed=1
((seconds <= 60)) || seed=$RANDOM$RANDOM
echo "fuzz.$name: seed $seed"

options=(-seed="$seed" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024
	-print_final_stats=1 -artifact_prefix="$work/found/")
[[ -z $dictionary ]] || options+=(-dict="$dictionary")

if ! "$binary" "${options[@]}" "$work/corpus" >"$work/log" 2>&1; then
	tail -n 60 "$work/log"
	echo "fuzz.$name: FAULT, the input is in $work/found/" >&2
	exit 1
fi
grep -E '^(stat::number_of_executed_units|Done )|INITED|#[0-9]+.*DONE' \
	"$work/log" || :
