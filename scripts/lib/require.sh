# shellcheck shell=bash
# Finds what the other scripts need, and installs what it may: Debian packages
# (as root, or with sudo), npm packages, and pinned Go tools under .tools/bin.
# Go and Node themselves are prerequisites. Sourced, not run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TOOLS=$ROOT/.tools
# shellcheck disable=SC2034 # used by the scripts that source this
GO_MODULES=(sdk-go functions insights-server cli)

GO_MINIMUM=1.26
NODE_MINIMUM=20.19
GOLANGCI_LINT_VERSION=v2.13.2
ACTIONLINT_VERSION=v1.7.12
GOVULNCHECK_VERSION=v1.9.0
GO_LICENSES_VERSION=v1.6.0
TFLINT_VERSION=v0.64.0
TFSEC_VERSION=v1.28.14
# It has no releases.
TERRAFORM_CONFIG_INSPECT_VERSION=v0.0.0-20260904064934-75d64de68c31

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$(basename "$0"): $*"
  exit 1
}

# print_header SCRIPT prints the comment that the script begins with: its help.
print_header() {
  awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$1"
}

# at_least HAVE WANT compares two versions.
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

require_go() {
  command -v go >/dev/null 2>&1 ||
    fail "Go is missing. Install Go $GO_MINIMUM or later from https://go.dev/dl/ and put its bin folder into PATH."
  local have
  have=$(cd "$ROOT" && go env GOVERSION | sed 's/^go//; s/[^0-9.].*//')
  at_least "$have" "$GO_MINIMUM" ||
    fail "Go $have is too old. Install Go $GO_MINIMUM or later from https://go.dev/dl/."
}

require_node() {
  if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    fail "Node.js or its npm is missing. Install Node.js $NODE_MINIMUM or later from https://nodejs.org/."
  fi
  local have
  have=$(node --version | sed 's/^v//')
  at_least "$have" "$NODE_MINIMUM" ||
    fail "Node.js $have is too old. Install Node.js $NODE_MINIMUM or later from https://nodejs.org/."
}

# has_package tells whether what a Debian package brings is there, whoever
# installed it.
has_package() {
  case $1 in
  gcc | g++ | shellcheck | chromium) command -v "$1" >/dev/null 2>&1 ;;
  postgresql)
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null 2>&1
    ;;
  # Its folder is not in everyone's PATH.
  nginx) [ -x /usr/sbin/nginx ] || command -v nginx >/dev/null 2>&1 ;;
  ca-certificates) [ -d /etc/ssl/certs ] ;;
  *) fail "has_package: unknown package $1" ;;
  esac
}

# require_packages NAME... installs the Debian packages that are missing.
require_packages() {
  local missing=() package
  for package in "$@"; do
    has_package "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  command -v apt-get >/dev/null 2>&1 ||
    fail "missing: ${missing[*]} (names of Debian packages). Install them with this system's package manager and try again."
  local as=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 ||
      fail "missing: ${missing[*]}. Run as root: apt-get install ${missing[*]}"
    as=(sudo)
    # Without a terminal nobody can type a password.
    [ -t 0 ] || as=(sudo -n)
  fi
  say "Installing Debian packages: ${missing[*]}"
  local install=("${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}")
  # The lists may be absent (a fresh container) or old: then fetch them.
  "${install[@]}" >&2 || { "${as[@]}" apt-get update -q >&2 && "${install[@]}" >&2; } ||
    fail "could not install ${missing[*]}. Run as root: apt-get update && apt-get install ${missing[*]}"
}

# require_npm_packages [FOLDER] installs the npm packages of the front end, or of
# another folder, when its lock file is not the one they were installed from.
require_npm_packages() {
  local folder=${1:-frontend}
  local stamp=$ROOT/$folder/node_modules/.installed-from
  cmp -s "$ROOT/$folder/package-lock.json" "$stamp" && return 0
  say "Installing the npm packages of $folder"
  (cd "$ROOT/$folder" && npm ci --no-audit --no-fund >&2) || fail "npm ci failed in $folder"
  cp "$ROOT/$folder/package-lock.json" "$stamp"
}

# require_go_tool NAME PACKAGE VERSION builds a pinned tool into .tools/bin and
# prints its path.
require_go_tool() {
  local name=$1 package=$2 version=$3
  local versioned=$TOOLS/bin/$name-$version
  if [ ! -x "$versioned" ]; then
    say "Building $name $version"
    # In a folder of its own: go.work must not decide the tool's dependencies.
    mkdir -p "$TOOLS/bin" "$TOOLS/build"
    (cd "$TOOLS/build" && GOBIN=$TOOLS/build GOWORK=off GOFLAGS='' go install "$package@$version" >&2) ||
      fail "could not build $name $version from $package"
    mv "$TOOLS/build/$name" "$versioned"
  fi
  printf '%s\n' "$versioned"
}

require_golangci_lint() {
  require_go_tool golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint "$GOLANGCI_LINT_VERSION"
}

require_actionlint() {
  require_go_tool actionlint github.com/rhysd/actionlint/cmd/actionlint "$ACTIONLINT_VERSION"
}

require_govulncheck() {
  require_go_tool govulncheck golang.org/x/vuln/cmd/govulncheck "$GOVULNCHECK_VERSION"
}

require_go_licenses() {
  require_go_tool go-licenses github.com/google/go-licenses "$GO_LICENSES_VERSION"
}

require_tflint() {
  require_go_tool tflint github.com/terraform-linters/tflint "$TFLINT_VERSION"
}

require_tfsec() {
  require_go_tool tfsec github.com/aquasecurity/tfsec/cmd/tfsec "$TFSEC_VERSION"
}

require_terraform_config_inspect() {
  require_go_tool terraform-config-inspect github.com/hashicorp/terraform-config-inspect "$TERRAFORM_CONFIG_INSPECT_VERSION"
}
