#!/bin/sh
# winnow post-receive hook: signs what was pushed and posts it to the controller.
# Installed by `winnow hook install`; its settings are in winnow/config.json beside it.
# Hooks that were here before run first, as post-receive.chained-N, with the same input.

hooks=$(cd "$(dirname "$0")" && pwd) || exit 0
updates=$(cat)
status=0

for chained in "$hooks"/post-receive.chained-*; do
  if [ -f "$chained" ] && [ -x "$chained" ]; then
    printf '%s\n' "$updates" | "$chained" "$@" || status=$?
  fi
done

node='@NODE@'
[ -x "$node" ] || node=$(command -v node)
if [ -z "$node" ]; then
  echo 'winnow: this push was NOT sent: there is no node here; run `winnow hook install` again' >&2
  exit "$status"
fi
# GIT_* belong to this push, NODE_OPTIONS to somebody else.
printf '%s\n' "$updates" | NODE_OPTIONS='' "$node" "$hooks/winnow/deliver.mjs" || status=$?
exit "$status"
