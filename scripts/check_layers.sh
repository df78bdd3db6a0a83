#!/usr/bin/env bash
# Each folder of src includes only itself and folders above it in this order; implementations behind an interface
# are included by themselves, by app and by tests alone.
set -euo pipefail
order=(base db domain config plan net quota store sheets lanes sync auth records live api app)
declare -A rank
for i in "${!order[@]}"; do rank[${order[$i]}]=$i; done
bad=0
while IFS=: read -r file line text; do
  from=$(cut -d/ -f2 <<<"$file")
  included=$(sed -E 's/.*#include "([^"]+)".*/\1/' <<<"$text")
  to=${included%%/*}
  [ -n "${rank[$to]:-}" ] || continue
  if [ "${rank[$to]}" -gt "${rank[$from]}" ]; then
    echo "$file:$line: $from includes $included, which lies below it"
    bad=1
  fi
  for inner in store/sqlite sheets/google sheets/local; do
    case $included in
      "$inner"/*) case $file in src/$inner/*|src/app/*) ;; *) echo "$file:$line: includes an implementation: $included"; bad=1 ;; esac ;;
    esac
  done
done < <(grep -rnE '^#include "[a-z_]+/' src --include='*.cpp' --include='*.hpp')
[ "$bad" = 0 ] && echo "layers: in order"
exit "$bad"
