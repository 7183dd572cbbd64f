package deploy

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/cli/internal/failure"
	"github.com/dataloaf/dataloaf/cli/internal/shipped"
	"github.com/dataloaf/dataloaf/cli/internal/stack"
	"github.com/dataloaf/dataloaf/cli/internal/tf"
	"github.com/dataloaf/dataloaf/cli/internal/version"
)

const (
	modulesFolder   = "terraform"
	artifactsFolder = "artifacts"
	planName        = "plan"
)

// materialise writes what Terraform works on into the stack's working folder. All
// paths in it are relative: an absolute one would be in the state, and change with
// whoever applies.
func materialise(s *stack.Stack, from shipped.Flags) (*shipped.Manifest, error) {
	modules, err := from.ModulesFS()
	if err != nil {
		return nil, err
	}
	artifacts, manifest, err := from.ArtifactsFS()
	if err != nil {
		return nil, err
	}
	module, err := shipped.ReadModule(modules)
	if err != nil {
		return nil, err
	}
	root, err := rootModule(s, module)
	if err != nil {
		return nil, err
	}
	dir := s.WorkDir()
	fail := func(err error) error {
		return failure.New(err, "Give a folder that you may write to with --dir (LOAF_DIR).", "write Terraform's working folder %s", dir)
	}
	// A plan in it has secrets.
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fail(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fail(err)
	}
	if err := shipped.CopyModules(modules, filepath.Join(dir, modulesFolder)); err != nil {
		return nil, fail(err)
	}
	if err := shipped.CopyArtifacts(artifacts, manifest, filepath.Join(dir, artifactsFolder)); err != nil {
		return nil, fail(err)
	}
	for name, text := range map[string]string{"main.tf": root, ".gitignore": "# loafctl makes this folder anew whenever it needs it.\n*\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, fail(err)
		}
	}
	return manifest, nil
}

const forceDestroy = "force_destroy"

// own are variables that loafctl gives itself.
var own = map[string]string{
	"region":        "it is loafctl's own",
	"artifacts_dir": "give --artifacts-dir (LOAF_ARTIFACTS_DIR)",
}

// rootModule is the small module around the real one: it passes on the variables
// that have an answer, and all outputs.
func rootModule(s *stack.Stack, m *shipped.Module) (string, error) {
	names, err := s.Answers.Names()
	if err != nil {
		return "", err
	}
	var variables, arguments []string
	if !slices.Contains(names, forceDestroy) {
		// destroy sets it, and nobody's answers stay changed.
		names = append(names, forceDestroy)
	}
	for _, name := range names {
		if name == "region" {
			continue
		}
		if _, ok := own[name]; ok || !slices.Contains(m.Variables, name) {
			remedy := "Remove it; terraform/README.md lists the variables."
			if reason, ok := own[name]; ok {
				remedy = "Remove it: " + reason + "."
			}
			return "", failure.Usage(remedy, "%s has %q, which is no variable of DataLoaf's modules", s.AnswersPath(), name)
		}
		body := "{}"
		if name == forceDestroy {
			body = "{\n  default = false\n}"
		}
		variables = append(variables, fmt.Sprintf("variable %q %s\n", name, body))
		arguments = append(arguments, fmt.Sprintf("  %s = var.%s\n", name, name))
	}
	backend := `  backend "s3" {}`
	if s.LocalState {
		backend = `  backend "local" {}`
	}
	var out strings.Builder
	fmt.Fprintf(&out, `# Written by loafctl, over and over. The answers are in ../%s.

terraform {
  required_version = %q

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "= %s"
    }
  }

%s
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [%q]
}

variable "region" {}
%s
module "dataloaf" {
  source = "./%s"

  artifacts_dir = %q
%s}
`, stack.AnswersFile, m.RequiredVersion, tf.AWSProvider, backend, s.Identity.Account, strings.Join(variables, ""), modulesFolder, artifactsFolder, strings.Join(arguments, ""))
	for _, name := range slices.Sorted(maps.Keys(m.Outputs)) {
		sensitive := ""
		if m.Outputs[name] {
			sensitive = "  sensitive = true\n"
		}
		fmt.Fprintf(&out, "\noutput %q {\n  value = module.dataloaf.%s\n%s}\n", name, name, sensitive)
	}
	fmt.Fprintf(&out, "\noutput \"dataloaf_version\" {\n  value = %q\n}\n", strings.ReplaceAll(version.Number, "${", "$${"))
	return out.String(), nil
}

// backendConfig says where the state is.
func backendConfig(s *stack.Stack) []string {
	if s.LocalState {
		return []string{"path=" + filepath.Join("..", stack.StateFolder, stack.StateFile)}
	}
	return []string{
		"bucket=" + s.Bucket(),
		"key=" + stack.StateFile,
		"region=" + s.Region(),
		"use_lockfile=true",
		"encrypt=true",
	}
}
