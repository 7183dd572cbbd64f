package deploy_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// sandbox is a machine made of a folder: the bundle lies in its /opt/dataloaf,
// and the commands that would change the real machine, or ask another, are
// stand-ins that write down how they were called.
type sandbox struct {
	t   *testing.T
	dir string
}

// standIn is every stand-in. What one does beside that is in behaviours.
const standIn = `#!/usr/bin/env bash
set -eu
name=$(basename "$0")
printf '%s %s\n' "$name" "$*" >>"$SANDBOX/calls"
has() { [ -e "$SANDBOX/$1" ]; }
# fails COUNTER says whether this call is one of those that shall fail.
fails() {
  local left
  left=$(cat "$SANDBOX/$1" 2>/dev/null || echo 0)
  [ "$left" -gt 0 ] || return 1
  printf '%d' $((left - 1)) >"$SANDBOX/$1"
}
case "$name $*" in
`

var behaviours = []string{
	`id*) if has not-root; then echo 1000; else echo 0; fi ;;`,
	`rpm*) has installed ;;`,
	`dnf*) if fails dnf-fails; then exit 1; fi; touch "$SANDBOX/installed" ;;`,
	`"docker build"*nginx) if fails pull-fails; then exit 1; fi ;;`,
	`"docker image inspect"*) echo sha256:server; echo sha256:nginx ;;`,
	`"docker network inspect"*) has network && cat "$SANDBOX/network" ;;`,
	`"docker network create"*) echo 198.18.0.128/25 >"$SANDBOX/network" ;;`,
	`"docker kill"*) has nginx-runs ;;`,
	`"iptables"*--check*) has rule ;;`,
	`"iptables"*--insert*) touch "$SANDBOX/rule" ;;`,
	`"aws ec2 associate-address"*) if fails aws-fails; then exit 1; fi; cp "$SANDBOX/elastic-ip" "$SANDBOX/public-ip" ;;`,
	`curl*/api/token) if fails metadata-fails; then exit 7; fi; echo token ;;`,
	`curl*/instance-id) echo i-0123456789abcdef0 ;;`,
	`curl*/public-ipv4) cat "$SANDBOX/public-ip" ;;`,
	`curl*/healthz) if fails health-fails; then exit 22; fi; has healthy ;;`,
}

func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the scripts are for Linux")
	}
	s := &sandbox{t, t.TempDir()}
	s.write("stand-ins/stand-in", standIn+"  "+strings.Join(behaviours, "\n  ")+"\nesac\n", 0o755)
	for _, name := range []string{"id", "rpm", "dnf", "docker", "iptables", "aws", "curl", "systemctl", "sleep", "chown"} {
		if err := os.Symlink("stand-in", s.path("stand-ins/"+name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(s.path("machine/opt/dataloaf"), os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	s.write("machine/opt/dataloaf/VERSION", "v1.2.3\n", 0o644)
	s.write("machine/proc/uptime", "3600.00 7000.00\n", 0o644)
	s.write("public-ip", "203.0.113.9", 0o644)
	s.write("elastic-ip", "198.51.100.7", 0o644)
	s.write("healthy", "", 0o644)
	return s
}

// selfSigned and loadBalancer are what user data writes.
func selfSigned() map[string]string {
	return map[string]string{
		"LOAF_STACK": "bakery", "AWS_REGION": "eu-central-1", "LOAF_ASG": "bakery-insights",
		"LOAF_WAREHOUSE_HOST": "bakery.redshift.example", "LOAF_WAREHOUSE_PORT": "5439", "LOAF_WAREHOUSE_DATABASE": "dataloaf",
		"LOAF_WAREHOUSE_SECRET": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bakery/warehouse",
		"LOAF_INSIGHTS_SECRET":  "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bakery/insights",
		"LOAF_LOAD_QUEUE_URL":   "https://sqs.example/load", "LOAF_RETRY_QUEUE_URL": "https://sqs.example/retry",
		"LOAF_PUBLIC_URL": "https://198.51.100.7", "LOAF_TLS": "self-signed", "LOAF_EIP_ALLOCATION_ID": "eipalloc-1",
		"LOAF_TRUSTED_NETWORKS": "", "LOAF_ADMIN_EMAIL": "",
	}
}

func loadBalancer() map[string]string {
	stack := selfSigned()
	stack["LOAF_PUBLIC_URL"] = "https://loaf.example.com"
	stack["LOAF_TLS"] = "load-balancer"
	stack["LOAF_EIP_ALLOCATION_ID"] = ""
	stack["LOAF_TRUSTED_NETWORKS"] = "10.0.0.0/16,10.1.0.0/16"
	stack["LOAF_ADMIN_EMAIL"] = "ada@example.com"
	return stack
}

func (s *sandbox) stack(values map[string]string) {
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(&lines, "%s=%s\n", name, values[name])
	}
	s.write("machine/etc/dataloaf/stack.env", lines.String(), 0o600)
}

func (s *sandbox) path(name string) string { return filepath.Join(s.dir, name) }

func (s *sandbox) write(name, text string, mode os.FileMode) {
	s.t.Helper()
	file := s.path(name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sandbox) read(name string) string {
	s.t.Helper()
	return string(readFile(s.t, s.path(name)))
}

func (s *sandbox) remove(name string) {
	s.t.Helper()
	if err := os.RemoveAll(s.path(name)); err != nil {
		s.t.Fatal(err)
	}
}

// run runs a script of the bundle and gives what it said, how it ended, and the
// calls that it made.
func (s *sandbox) run(script string) (said string, calls []string, err error) {
	s.t.Helper()
	s.write("calls", "", 0o644)
	command := exec.CommandContext(s.t.Context(), "bash", s.path("machine/opt/dataloaf/"+script))
	command.Env = []string{"PATH=" + s.path("stand-ins") + ":/usr/bin:/bin", "DESTDIR=" + s.path("machine"), "SANDBOX=" + s.dir}
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err = command.Run()
	return out.String(), strings.Split(strings.TrimSpace(s.read("calls")), "\n"), err
}

// succeed is run for a script that shall succeed.
func (s *sandbox) succeed(script string) (calls []string) {
	s.t.Helper()
	said, calls, err := s.run(script)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s\n%s", script, err, said, strings.Join(calls, "\n"))
	}
	return calls
}

// position finds the first call that begins so, or fails.
func position(t *testing.T, calls []string, prefix string) int {
	t.Helper()
	i := slices.IndexFunc(calls, func(call string) bool { return strings.HasPrefix(call, prefix) })
	if i < 0 {
		t.Fatalf("there was no call %q among\n%s", prefix, strings.Join(calls, "\n"))
	}
	return i
}

func count(calls []string, prefix string) (n int) {
	for _, call := range calls {
		if strings.HasPrefix(call, prefix) {
			n++
		}
	}
	return n
}
