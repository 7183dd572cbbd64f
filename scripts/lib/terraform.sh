# shellcheck shell=bash
# Finds Terraform and the AWS provider, with or without a network, and runs
# Terraform so that every folder shares one copy of the provider (it has 700 MB)
# and none of the caller's own settings change a result. Sourced after require.sh.

TERRAFORM_MINIMUM=1.11
# The lowest version that the modules allow, so that none of them asks for more.
# Another one, such as 6.0.0, is tried with LOAF_AWS_PROVIDER_VERSION=6.0.0.
AWS_PROVIDER_VERSION=${LOAF_AWS_PROVIDER_VERSION:-5.100.0}

TERRAFORM_WORK=$TOOLS/terraform/aws-$AWS_PROVIDER_VERSION
TERRAFORM_PROVIDERS=$TERRAFORM_WORK/providers

require_terraform() {
  command -v terraform >/dev/null 2>&1 ||
    fail "Terraform is missing, and Debian has no package of it. Install Terraform $TERRAFORM_MINIMUM or later from https://developer.hashicorp.com/terraform/install and put it into PATH."
  local have
  have=$(CHECKPOINT_DISABLE=1 terraform version -json 2>/dev/null | sed -n 's/.*"terraform_version": *"\([0-9.]*\).*/\1/p')
  at_least "${have:-0}" "$TERRAFORM_MINIMUM" ||
    fail "Terraform ${have:-of an unknown version} is too old. Install Terraform $TERRAFORM_MINIMUM or later from https://developer.hashicorp.com/terraform/install."
}

terraform_platform() {
  CHECKPOINT_DISABLE=1 terraform version -json 2>/dev/null | sed -n 's/.*"platform": *"\([a-z0-9_]*\)".*/\1/p'
}

# provider_is_here PLATFORM tells whether the shared folder has the provider. It
# may be a link into a mirror that has gone since.
provider_is_here() {
  compgen -G "$TERRAFORM_PROVIDERS/registry.terraform.io/hashicorp/aws/$AWS_PROVIDER_VERSION/$1/terraform-provider-aws_v*" >/dev/null
}

# fetch_provider [CONFIG] lets Terraform put the provider into the shared folder,
# by the given CLI configuration or by the caller's own. A plugin cache has the
# layout of a mirror, and what comes from an unpacked mirror is linked.
fetch_provider() {
  local folder=$TERRAFORM_WORK/fetch
  rm -rf "$folder"
  mkdir -p "$folder" "$TERRAFORM_PROVIDERS"
  cat >"$folder/main.tf" <<TF
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "= $AWS_PROVIDER_VERSION"
    }
  }
}
TF
  local config=${1-${TF_CLI_CONFIG_FILE-}}
  local environment=(-u TF_CLI_CONFIG_FILE -u TF_DATA_DIR -u TF_WORKSPACE -u TF_CLI_ARGS -u TF_CLI_ARGS_init)
  # Of a file that is not there Terraform would only warn.
  [ ! -f "$config" ] || environment+=("TF_CLI_CONFIG_FILE=$config")
  env "${environment[@]}" CHECKPOINT_DISABLE=1 TF_PLUGIN_CACHE_DIR="$TERRAFORM_PROVIDERS" \
    terraform -chdir="$folder" init -backend=false -input=false -no-color >"$folder/log" 2>&1
}

# provider_mirrors PLATFORM prints the local folders that hold the provider in the
# layout of a mirror, packed or not: first where Terraform itself would look, then
# where system administrators put such things. The search has bounds, so that it
# takes seconds on a full disk as well.
provider_mirrors() {
  local platform=$1 folder found
  local -a known=() roots=()
  [ -z "${TF_PLUGIN_CACHE_DIR-}" ] || known+=("$TF_PLUGIN_CACHE_DIR")
  known+=(
    "${HOME-}/.terraform.d/plugin-cache" "${HOME-}/.terraform.d/plugins"
    "${XDG_DATA_HOME:-${HOME-}/.local/share}/terraform/plugins"
    "${HOME-}/Library/Application Support/io.terraform/plugins"
    /usr/local/share/terraform/plugins /usr/share/terraform/plugins
  )
  local wanted=registry.terraform.io/hashicorp/aws
  for folder in "${known[@]}"; do
    [ ! -d "$folder/$wanted" ] || printf '%s\n' "$folder"
  done
  for folder in /opt /usr/local /usr/share /usr/lib /srv /var/lib /var/cache /mnt /home "${HOME-}"; do
    [ ! -d "$folder" ] || roots+=("$folder")
  done
  find "${roots[@]}" -xdev -maxdepth 9 \
    \( -name node_modules -o -name .git -o -name proc -o -name overlay2 -o -path "$TOOLS" \) -prune \
    -o \( -path "*/$wanted/$AWS_PROVIDER_VERSION/$platform" \
    -o -path "*/$wanted/terraform-provider-aws_${AWS_PROVIDER_VERSION}_$platform.zip" \) -print 2>/dev/null |
    while IFS= read -r found; do printf '%s\n' "${found%%/"$wanted"/*}"; done
}

# mirror_config FOLDER prints a CLI configuration that takes the AWS provider from
# that folder and nothing else from it.
mirror_config() {
  cat <<TF
provider_installation {
  filesystem_mirror {
    path    = "$1"
    include = ["registry.terraform.io/hashicorp/aws"]
  }
  direct {
    exclude = ["registry.terraform.io/hashicorp/aws"]
  }
}
TF
}

# require_aws_provider brings the provider into the shared folder, as Terraform is
# configured here or else from a mirror that it finds, and makes terraform_in take
# it from there.
require_aws_provider() {
  require_terraform
  local platform mirror
  platform=$(terraform_platform)
  if ! provider_is_here "$platform"; then
    rm -rf "$TERRAFORM_PROVIDERS"
    say "Getting the AWS provider $AWS_PROVIDER_VERSION for Terraform"
    if ! fetch_provider; then
      cp "$TERRAFORM_WORK/fetch/log" "$TERRAFORM_WORK/fetch.log"
      while IFS= read -r mirror; do
        mirror_config "$mirror" >"$TERRAFORM_WORK/mirror.tfrc"
        if fetch_provider "$TERRAFORM_WORK/mirror.tfrc"; then break; fi
      done < <(provider_mirrors "$platform" | awk '!seen[$0]++')
    fi
    provider_is_here "$platform" || {
      sed 's/^/  | /' "$TERRAFORM_WORK/fetch.log" >&2
      fail "cannot get the AWS provider $AWS_PROVIDER_VERSION: terraform init failed as above, and no local mirror has it. Unpack the provider into ~/.terraform.d/plugins/registry.terraform.io/hashicorp/aws/$AWS_PROVIDER_VERSION/$platform/ and try again."
    }
  fi
  # Only when it differs: another run may be reading it.
  local config=$TERRAFORM_WORK/cli.tfrc
  mirror_config "$TERRAFORM_PROVIDERS" | cmp -s - "$config" || mirror_config "$TERRAFORM_PROVIDERS" >"$config"
  terraform_environment
}

# terraform_environment leaves of the caller's environment what finds programs and
# certificates: no TF_VAR_, no AWS profile and its account, no workspace.
terraform_environment() {
  local variable
  while IFS= read -r variable; do
    case $variable in
    AWS_CA_BUNDLE | TF_LOG | TF_LOG_*) ;;
    *) unset "$variable" ;;
    esac
  done < <(compgen -e | grep -E '^(TF_|AWS_)')
  export TF_CLI_CONFIG_FILE=$TERRAFORM_WORK/cli.tfrc
  export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0
  # Outside of AWS nothing answers at the address of the instance's metadata.
  export AWS_EC2_METADATA_DISABLED=true
}

# terraform_in FOLDER ARGUMENTS... runs Terraform there; its data lie outside of
# the sources.
terraform_in() {
  local folder=$1 name
  shift
  name=$(cd "$folder" && pwd)
  name=${name#"$ROOT"/}
  TF_DATA_DIR=$TERRAFORM_WORK/data/${name//\//+} terraform -chdir="$folder" "$@"
}

# init_in FOLDER prepares a folder. A lock file that lies there does not count: it
# is not kept in the repository, and may be of a time with another provider.
init_in() { terraform_in "$1" init -backend=false -upgrade -no-color >/dev/null; }

# start_standin [OPTION...] starts the stand-in for AWS (see aws-standin.mjs for its
# options) and points the AWS provider to it. Who starts it calls stop_standin.
start_standin() {
  local url fd
  # Reading waits until it listens, or has ended.
  exec {fd}< <(exec node "$ROOT/scripts/lib/aws-standin.mjs" "$@")
  STANDIN_PID=$!
  IFS= read -r url <&"$fd" || fail "the stand-in for AWS does not start"
  export AWS_ENDPOINT_URL=$url
  export AWS_ACCESS_KEY_ID=standin AWS_SECRET_ACCESS_KEY=standin AWS_REGION=eu-central-1
  # Nobody's own settings, such as other endpoints.
  export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
  # What fails here fails again.
  export AWS_MAX_ATTEMPTS=2
}

stop_standin() {
  [ -z "${STANDIN_PID-}" ] || kill "$STANDIN_PID" 2>/dev/null || true
  STANDIN_PID=
}
