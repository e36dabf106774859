#!/bin/sh
# One night: read, score, and on the first day of a month look for drift. Stops at the first step that fails.
set -eu
DATA="${SECONDPLAN_DATA:-/data}"
BIN="${SECONDPLAN_BIN:-/opt/secondplan/bin}"
LA_CODE="${SECONDPLAN_LA_CODE:?set it to the three digits of your authority}"
night="$(date +%F)"
plans="$DATA/plans/$night"
scores="$DATA/scores/$night"
mkdir -p "$DATA/plans" "$DATA/scores" "$DATA/drift"

[ -d "$plans" ] || "$BIN/secondplan" read cin-census "$DATA"/in/*.xml --la-code "$LA_CODE" --out "$plans"
"$BIN/secondplan" score --model "$DATA/model" --input "$plans" --output "$scores" --resume

if [ "$(date +%d)" = 01 ]; then
  # Its exit code says what was found, which is no failure of the night.
  "$BIN/secondplan" monitor "$plans" "$scores" --model "$DATA/model" --json "$DATA/drift/$night.json" \
    || echo "monitor ended with code $?: see $DATA/drift/$night.json"
fi
