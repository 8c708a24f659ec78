#!/bin/bash
# Builds every target into $OUT, with its seeds, its dictionary and its options beside it.
set -euo pipefail

# SANITIZER=none builds with a stable toolchain, to try this script without the image.
cargo fuzz build -O --debug-assertions -s "${SANITIZER:-address}"

for source in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$source" .rs)
    cp "fuzz/target/x86_64-unknown-linux-gnu/release/$target" "$OUT/"
    (cd "fuzz/seeds/$target" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
    if [ -f "fuzz/dictionaries/$target.dict" ]; then
        cp "fuzz/dictionaries/$target.dict" "$OUT/"
    fi
    cp fuzz/options "$OUT/$target.options"
done
