#!/bin/sh
# A deploy hook that says all it is given: its environment into a file, the pair from its standard input in an error.
{ env; printf '%s\n' "$0" "$@"; } >>"$HOOK_DUMP"
cat >&2
[ "$KEYTURN_USER" != hooked ]
