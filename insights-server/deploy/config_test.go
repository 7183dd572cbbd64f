package deploy_test

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// constantOf gives the value of a constant in one of the server's files, which
// keeps it to itself.
func constantOf(t *testing.T, file, name string) constant.Value {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, declaration := range parsed.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec)
			if len(value.Names) != 1 || value.Names[0].Name != name {
				continue
			}
			result, err := types.Eval(token.NewFileSet(), nil, token.NoPos, types.ExprString(value.Values[0]))
			if err != nil {
				t.Fatal(err)
			}
			return result.Value
		}
	}
	t.Fatalf("%s has no constant %s", file, name)
	return nil
}

func TestNginxAndServerAgree(t *testing.T) {
	configuration := string(readFile(t, "nginx/nginx.conf"))

	policy := constant.StringVal(constantOf(t, "../httpapi/middleware.go", "contentPolicy"))
	if !strings.Contains(configuration, `"" "`+policy+`";`) {
		t.Errorf("nginx.conf has another policy than the server, whose is\n%s", policy)
	}
	kib, _ := constant.Int64Val(constantOf(t, "../httpapi/body.go", "maxQueryBytes"))
	if kib >>= 10; kib != 256 || !strings.Contains(configuration, "client_max_body_size 256k;") {
		t.Errorf("nginx.conf has another limit than the server's %d KiB", kib)
	}

	server := string(readFile(t, "../httpapi/middleware.go"))
	for _, match := range regexp.MustCompile(`h\.Set\("([^"]+)", "([^"]+)"\)`).FindAllStringSubmatch(server, -1) {
		header, value := match[1], match[2]
		if header == "Cache-Control" {
			continue
		}
		if !strings.Contains(configuration, "add_header "+header+" $") || !strings.Contains(configuration, `"" "`+value+`";`) {
			t.Errorf("nginx.conf lacks the server's %s: %s", header, value)
		}
	}

	page := string(readFile(t, "../page/page.go"))
	site := string(readFile(t, "nginx/site.conf"))
	for _, match := range regexp.MustCompile(`"\.([a-z0-9]+)": +"([a-z0-9/+-]+)`).FindAllStringSubmatch(page, -1) {
		ending, kind := match[1], match[2]
		if !regexp.MustCompile(regexp.QuoteMeta(kind) + ` [a-z0-9 ]*\b` + ending + `\b`).MatchString(configuration) {
			t.Errorf("nginx.conf does not know that .%s is %s", ending, kind)
		}
		if !regexp.MustCompile(`[(|]` + ending + `[|)]`).MatchString(site) {
			t.Errorf("site.conf does not know that .%s is a file", ending)
		}
	}
}

// render runs the entry script with a stand-in for nginx of that version.
func render(t *testing.T, version string, environment ...string) (folder, said string, err error) {
	t.Helper()
	folder = t.TempDir()
	standIn := "#!/bin/sh\nif [ \"$1\" = -v ]; then echo 'nginx version: nginx/" + version + "' >&2; fi\n"
	if err := os.WriteFile(filepath.Join(folder, "nginx"), []byte(standIn), 0o755); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "sh", "nginx/entrypoint", "--check")
	command.Env = append([]string{
		"PATH=/usr/bin:/bin", "LOAF_NGINX=" + filepath.Join(folder, "nginx"), "LOAF_NGINX_CONFIGURATION=nginx", "LOAF_NGINX_TEMPORARY=" + filepath.Join(folder, "made"),
		"LOAF_TLS=self-signed", "LOAF_PUBLIC_URL=https://198.51.100.7", "LOAF_SERVER=198.18.0.130:8080",
	}, environment...)
	out, err := command.CombinedOutput()
	return filepath.Join(folder, "made"), string(out), err
}

func TestEntrypointFillsIn(t *testing.T) {
	for version, want := range map[string]string{
		"1.22.1": "listen 8443 ssl http2 default_server;\n  \n",
		"1.30.5": "listen 8443 ssl default_server;\n  http2 on;\n",
	} {
		folder, said, err := render(t, version)
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		if got := string(readFile(t, filepath.Join(folder, "tls.conf"))); !strings.Contains(got, want) {
			t.Errorf("nginx %s gets\n%s", version, got)
		}
		for _, name := range []string{"nginx.conf", "site.conf", "tls.conf"} {
			if left := regexp.MustCompile(`@[A-Z0-9_]+@`).Find(readFile(t, filepath.Join(folder, name))); left != nil {
				t.Errorf("%s still has %s", name, left)
			}
		}
	}

	folder, said, err := render(t, "1.30.5", "LOAF_TLS=load-balancer", "LOAF_PUBLIC_URL=https://loaf.example.com", "LOAF_TRUSTED_NETWORKS=10.0.0.0/16,10.1.0.0/16")
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if got := string(readFile(t, filepath.Join(folder, "real-ip.conf"))); got != "set_real_ip_from 10.0.0.0/16;\nset_real_ip_from 10.1.0.0/16;\n" {
		t.Errorf("real-ip.conf is\n%s", got)
	}
}

func TestEntrypointRefuses(t *testing.T) {
	for _, bad := range []string{
		"LOAF_TLS=", "LOAF_TLS=none", "LOAF_PUBLIC_URL=", "LOAF_PUBLIC_URL=http://198.51.100.7", "LOAF_PUBLIC_URL=https://x;return 200",
		"LOAF_SERVER=", "LOAF_SERVER=x;}", "LOAF_NGINX_LISTEN_HTTP=80;", "LOAF_NGINX_PAGE=/srv/a|b",
	} {
		name, _, _ := strings.Cut(bad, "=")
		if _, said, err := render(t, "1.30.5", bad); err == nil || !strings.Contains(said, name) && name != "LOAF_NGINX_PAGE" {
			t.Errorf("%s: %v, %s", bad, err, said)
		}
	}
	for _, bad := range []string{"", "10.0.0.0/16;", "everyone"} {
		if _, said, err := render(t, "1.30.5", "LOAF_TLS=load-balancer", "LOAF_TRUSTED_NETWORKS="+bad); err == nil || !strings.Contains(said, "LOAF_TRUSTED_NETWORKS") {
			t.Errorf("networks %q: %v, %s", bad, err, said)
		}
	}
}

func TestImages(t *testing.T) {
	nginx := string(readFile(t, "nginx/Dockerfile"))
	if !regexp.MustCompile(`(?m)^FROM public\.ecr\.aws/nginx/nginx:\d+\.\d+\.\d+-alpine\d+\.\d+-slim$`).MatchString(nginx) {
		t.Error("nginx's base is not pinned to one version")
	}
	server := string(readFile(t, "server/Dockerfile"))
	for name, file := range map[string]string{"nginx": nginx, "server": server} {
		if !regexp.MustCompile(`(?m)^USER \d+:\d+$`).MatchString(file) {
			t.Errorf("the image of %s runs as root", name)
		}
		for _, match := range regexp.MustCompile(`(?m)^COPY (.+) \S+$`).FindAllStringSubmatch(file, -1) {
			for source := range strings.FieldsSeq(match[1]) {
				if source == "page" || source == "insights-server" { // scripts/build-artifacts puts them there
					continue
				}
				if _, err := os.Stat(filepath.Join(name, source)); err != nil {
					t.Errorf("the image of %s copies what is not there: %v", name, err)
				}
			}
		}
	}
}

func TestUnits(t *testing.T) {
	for _, name := range []string{"server", "nginx"} {
		unit := string(readFile(t, "systemd/dataloaf-"+name+".service"))
		for _, want := range []string{
			"--read-only", "--cap-drop ALL", "--security-opt no-new-privileges", "--memory ", "--memory-swap ", "--pids-limit ",
			"--log-driver json-file --log-opt max-size=10m --log-opt max-file=3", "Restart=always",
		} {
			if !strings.Contains(unit, want) {
				t.Errorf("dataloaf-%s.service lacks %s", name, want)
			}
		}
	}

	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze, which looks at the rest, is not installed")
	}
	s := newSandbox(t)
	s.stack(selfSigned())
	s.succeed("install")
	// What the units name beside themselves.
	s.write("machine/usr/bin/docker", "#!/bin/sh\n", 0o755)
	s.write("machine/etc/systemd/system/docker.service", "[Service]\nExecStart=/usr/bin/docker\n", 0o644)
	for _, unit := range []string{"network-online.target", "multi-user.target", "timers.target", "sysinit.target", "basic.target", "shutdown.target", "timers.target", "time-sync.target", "time-set.target"} {
		s.write("machine/etc/systemd/system/"+unit, "[Unit]\n", 0o644)
	}
	units, err := filepath.Glob(s.path("machine/etc/systemd/system/dataloaf-*"))
	if err != nil || len(units) != 7 {
		t.Fatalf("units %v, %v", units, err)
	}
	args := []string{"verify", "--man=no", "--root=" + s.path("machine")}
	for _, unit := range units {
		args = append(args, "/etc/systemd/system/"+filepath.Base(unit))
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze: %v\n%s", err, out)
	}
}
