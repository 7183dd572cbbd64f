# shellcheck shell=bash
# What install and the scripts beside this file share. Sourced, not run.
#
# DESTDIR goes before every path of the machine; it is empty but in tests.

DESTDIR=${DESTDIR:-}
STACK_ENV=$DESTDIR/etc/dataloaf/stack.env
# shellcheck disable=SC2034 # used by the scripts that source this
STATE=$DESTDIR/var/lib/dataloaf

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# stack NAME prints a value of the file that user data wrote, or nothing. The
# file is data: it is not run.
stack() {
  sed -n "s/^$1=//p" "$STACK_ENV" | tail -n 1
}

# retry TIMES SECONDS COMMAND... tries until it succeeds, with a pause between.
retry() {
  local times=$1 seconds=$2 try
  shift 2
  for ((try = 1; ; try++)); do
    if "$@"; then return 0; fi
    [ "$try" -lt "$times" ] || break
    say "try $try of $times failed: $*; again in $seconds s"
    sleep "$seconds"
  done
  say "gave up after $times tries: $*"
  return 1
}

# metadata PATH prints what the instance knows of itself (IMDSv2).
metadata() {
  local token
  token=$(curl --silent --fail --max-time 5 --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 60' \
    http://169.254.169.254/latest/api/token) || return 1
  curl --silent --fail --max-time 5 --header "X-aws-ec2-metadata-token: $token" \
    "http://169.254.169.254/latest/meta-data/$1"
}

# place MODE FILE writes standard input to FILE, all of it or nothing, and sets
# changed=yes when that changed it.
place() {
  local mode=$1 file=$2 new=$2.new
  mkdir -p "$(dirname "$file")"
  (umask 077 && cat >"$new")
  chmod "$mode" "$new"
  if [ ! -f "$file" ] || [ "$(<"$new")" != "$(<"$file")" ]; then
    # shellcheck disable=SC2034 # used by the scripts that source this
    changed=yes
  fi
  mv "$new" "$file"
}
