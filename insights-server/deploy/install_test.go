package deploy_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const restart = "systemctl restart dataloaf-network.service dataloaf-server.service dataloaf-nginx.service"

func TestInstallSelfSigned(t *testing.T) {
	s := newSandbox(t)
	s.stack(selfSigned())
	calls := s.succeed("install")

	last := -1
	for _, call := range []string{
		"systemctl enable --now dataloaf-watch.timer",
		"dnf install --assumeyes --quiet docker iptables-nft openssl dnf-automatic",
		"systemctl enable --now dnf-automatic.timer",
		"systemctl enable --now docker.service",
		"docker build --quiet --tag dataloaf-server " + s.path("machine/opt/dataloaf/server"),
		"docker build --quiet --tag dataloaf-nginx " + s.path("machine/opt/dataloaf/nginx"),
		"aws ec2 associate-address --region eu-central-1 --instance-id i-0123456789abcdef0 --allocation-id eipalloc-1 --allow-reassociation",
		"systemctl enable dataloaf-network.service dataloaf-server.service dataloaf-nginx.service dataloaf-certificate.timer",
		restart,
		"curl --silent --fail --insecure --max-time 5 --output /dev/null https://127.0.0.1/healthz",
	} {
		i := position(t, calls, call)
		if i < last {
			t.Errorf("%q came too early", call)
		}
		last = i
	}

	want := `AWS_REGION=eu-central-1
LOAF_WAREHOUSE_SECRET=arn:aws:secretsmanager:eu-central-1:123456789012:secret:bakery/warehouse
LOAF_WAREHOUSE_HOST=bakery.redshift.example
LOAF_WAREHOUSE_PORT=5439
LOAF_WAREHOUSE_DATABASE=dataloaf
LOAF_INSIGHTS_SECRET=arn:aws:secretsmanager:eu-central-1:123456789012:secret:bakery/insights
LOAF_LOAD_QUEUE_URL=https://sqs.example/load
LOAF_RETRY_QUEUE_URL=https://sqs.example/retry
LOAF_PUBLIC_URL=https://198.51.100.7
LOAF_ADDR=0.0.0.0:8080
LOAF_TRUSTED_PROXIES=198.18.0.131
GOMEMLIMIT=900MiB
`
	if got := s.read("machine/etc/dataloaf/server.env"); got != want {
		t.Errorf("server.env is\n%s", got)
	}
	if got := s.read("machine/etc/dataloaf/ports.env"); got != "LOAF_PUBLISH=--publish 0.0.0.0:80:8080 --publish 0.0.0.0:443:8443\n" {
		t.Errorf("ports.env is %s", got)
	}
	if got := s.read("machine/etc/dataloaf/nginx.env"); !strings.Contains(got, "LOAF_TLS=self-signed\n") || !strings.Contains(got, "LOAF_SERVER=198.18.0.130:8080\n") {
		t.Errorf("nginx.env is %s", got)
	}
	if got := s.read("machine/etc/dnf/vars/releasever"); got != "latest\n" {
		t.Errorf("packages stay at %s", got)
	}
	certificate := s.certificate()
	if len(certificate.IPAddresses) != 1 || certificate.IPAddresses[0].String() != "198.51.100.7" || certificate.IsCA {
		t.Errorf("the certificate is for %v, CA %t", certificate.IPAddresses, certificate.IsCA)
	}
}

// certificate reads the self-signed one, and checks what holds for each.
func (s *sandbox) certificate() *x509.Certificate {
	s.t.Helper()
	block, _ := pem.Decode([]byte(s.read("machine/var/lib/dataloaf/tls/certificate.pem")))
	if block == nil {
		s.t.Fatal("the certificate is not in PEM form")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, ok := certificate.PublicKey.(*ecdsa.PublicKey); !ok {
		s.t.Errorf("its key is a %T", certificate.PublicKey)
	}
	if days := certificate.NotAfter.Sub(certificate.NotBefore).Hours() / 24; days != 825 {
		s.t.Errorf("it lasts for %v days", days)
	}
	info, err := os.Stat(s.path("machine/var/lib/dataloaf/tls/key.pem"))
	if err != nil || info.Mode() != 0o640 {
		s.t.Errorf("its key has the mode %v (%v)", info.Mode(), err)
	}
	return certificate
}

func TestInstallAgainChangesNothing(t *testing.T) {
	s := newSandbox(t)
	s.stack(selfSigned())
	s.succeed("install")
	before := s.read("machine/var/lib/dataloaf/tls/certificate.pem")
	calls := s.succeed("install")
	for _, unwanted := range []string{"dnf", "aws", "systemctl restart", "sleep"} {
		if n := count(calls, unwanted); n > 0 {
			t.Errorf("the second time it calls %s", calls[position(t, calls, unwanted)])
		}
	}
	position(t, calls, "systemctl start dataloaf-network.service dataloaf-server.service dataloaf-nginx.service")
	if s.read("machine/var/lib/dataloaf/tls/certificate.pem") != before {
		t.Error("it made another certificate")
	}

	stack := selfSigned()
	stack["LOAF_WAREHOUSE_HOST"] = "other.redshift.example"
	s.stack(stack)
	position(t, s.succeed("install"), restart)
}

func TestInstallBehindALoadBalancer(t *testing.T) {
	s := newSandbox(t)
	s.stack(loadBalancer())
	calls := s.succeed("install")
	if count(calls, "aws") > 0 {
		t.Error("it took an address")
	}
	if _, err := os.Stat(s.path("machine/var/lib/dataloaf/tls/certificate.pem")); err == nil {
		t.Error("it made a certificate")
	}
	if got := s.read("machine/etc/dataloaf/ports.env"); got != "LOAF_PUBLISH=--publish 0.0.0.0:80:8080\n" {
		t.Errorf("ports.env is %s", got)
	}
	if got := s.read("machine/etc/dataloaf/nginx.env"); !strings.Contains(got, "LOAF_TRUSTED_NETWORKS=10.0.0.0/16,10.1.0.0/16\n") {
		t.Errorf("nginx.env is %s", got)
	}
	if got := s.read("machine/etc/dataloaf/server.env"); !strings.Contains(got, "LOAF_ADMIN_EMAIL=ada@example.com\n") {
		t.Errorf("server.env is %s", got)
	}
	position(t, calls, "curl --silent --fail --insecure --max-time 5 --output /dev/null http://127.0.0.1/healthz")
}

func TestInstallWaitsForTheNetwork(t *testing.T) {
	s := newSandbox(t)
	s.stack(selfSigned())
	for counter, times := range map[string]string{"dnf-fails": "3", "pull-fails": "2", "metadata-fails": "2", "aws-fails": "1", "health-fails": "4"} {
		s.write(counter, times, 0o644)
	}
	calls := s.succeed("install")
	for command, want := range map[string]int{"dnf": 4, "docker build --quiet --tag dataloaf-nginx": 3, "aws": 2, "docker build --quiet --tag dataloaf-server": 1} {
		if got := count(calls, command); got != want {
			t.Errorf("%s was called %d times, want %d", command, got, want)
		}
	}
}

func TestInstallGivesUp(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(s *sandbox)
		want    string
	}{
		"without a network": {func(s *sandbox) { s.write("dnf-fails", "1000", 0o644) }, "gave up after 20 tries: dnf install"},
		"with an address that is not the public one": {func(s *sandbox) { s.write("elastic-ip", "198.51.100.8", 0o644) },
			"the instance has the address 198.51.100.8 and not 198.51.100.7, to which LOAF_PUBLIC_URL leads: is eipalloc-1 that address?"},
		"when the role may not take the address": {func(s *sandbox) { s.write("aws-fails", "1000", 0o644) }, "gave up after 10 tries: aws ec2 associate-address"},
		"when the page does not answer":          {func(s *sandbox) { s.remove("healthy") }, "journalctl --unit dataloaf-server"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSandbox(t)
			s.stack(selfSigned())
			test.prepare(s)
			said, calls, err := s.run("install")
			if err == nil || !strings.Contains(said, test.want) {
				t.Errorf("it ended with %v and said\n%s", err, said)
			}
			// Then the instance is replaced by and by.
			position(t, calls, "systemctl enable --now dataloaf-watch.timer")
		})
	}
}

func TestInstallRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(s *sandbox, stack map[string]string)
		want   string
	}{
		"another user":           {func(s *sandbox, _ map[string]string) { s.write("not-root", "", 0o644) }, "run it as root"},
		"a missing value":        {func(_ *sandbox, stack map[string]string) { delete(stack, "LOAF_INSIGHTS_SECRET") }, "LOAF_INSIGHTS_SECRET is missing"},
		"no Elastic IP":          {func(_ *sandbox, stack map[string]string) { stack["LOAF_EIP_ALLOCATION_ID"] = "" }, "LOAF_EIP_ALLOCATION_ID is missing"},
		"no networks to trust":   {func(_ *sandbox, stack map[string]string) { stack["LOAF_TLS"] = "load-balancer" }, "LOAF_TRUSTED_NETWORKS is missing"},
		"an unknown kind of TLS": {func(_ *sandbox, stack map[string]string) { stack["LOAF_TLS"] = "none" }, "it must be self-signed or load-balancer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSandbox(t)
			stack := selfSigned()
			test.change(s, stack)
			s.stack(stack)
			said, calls, err := s.run("install")
			if err == nil || !strings.Contains(said, test.want) || count(calls, "dnf") > 0 || count(calls, "systemctl") > 0 {
				t.Errorf("it ended with %v after %v and said\n%s", err, calls, said)
			}
		})
	}
	s := newSandbox(t)
	if said, _, err := s.run("install"); err == nil || !strings.Contains(said, "which user data writes") {
		t.Errorf("without stack.env it ended with %v and said\n%s", err, said)
	}
}

func TestTheStackIsData(t *testing.T) {
	s := newSandbox(t)
	stack := selfSigned()
	made := s.path("made")
	for _, name := range []string{"LOAF_STACK", "LOAF_WAREHOUSE_DATABASE", "LOAF_ASG"} {
		stack[name] = "$(touch " + made + ")`touch " + made + "`;touch " + made
	}
	s.stack(stack)
	s.succeed("install")
	if _, err := os.Stat(made); err == nil {
		t.Error("a value was run")
	}
}

func TestCertificate(t *testing.T) {
	s := newSandbox(t)
	s.stack(selfSigned())
	s.write("nginx-runs", "", 0o644)
	calls := s.succeed("bin/certificate")
	position(t, calls, "docker kill --signal HUP dataloaf-nginx")
	first := s.certificate()

	if calls := s.succeed("bin/certificate"); count(calls, "docker") > 0 || !s.certificate().Equal(first) {
		t.Error("it made another one, though the first lasts")
	}

	stack := selfSigned()
	stack["LOAF_PUBLIC_URL"] = "https://198.51.100.8"
	s.stack(stack)
	s.succeed("bin/certificate")
	if got := s.certificate(); got.IPAddresses[0].String() != "198.51.100.8" {
		t.Errorf("after a change of address it is for %v", got.IPAddresses)
	}

	// One that ends in 29 days.
	folder := s.path("machine/var/lib/dataloaf/tls")
	short := exec.CommandContext(t.Context(), "openssl", "req", "-x509", "-key", filepath.Join(folder, "key.pem"), "-out", filepath.Join(folder, "certificate.pem"),
		"-days", "29", "-subj", "/CN=x", "-addext", "subjectAltName=IP:198.51.100.8")
	if out, err := short.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.succeed("bin/certificate")
	if left := time.Until(s.certificate().NotAfter); left < 800*24*time.Hour {
		t.Errorf("it was not renewed: %v are left", left)
	}

	stack["LOAF_PUBLIC_URL"] = "https://loaf.example.com"
	s.stack(stack)
	if said, _, err := s.run("bin/certificate"); err == nil || !strings.Contains(said, "IPv4 address") {
		t.Errorf("for a name it ended with %v and said\n%s", err, said)
	}
}

func TestWatch(t *testing.T) {
	const (
		restarts = "systemctl restart dataloaf-server.service dataloaf-nginx.service"
		replaces = "aws autoscaling set-instance-health --region eu-central-1 --instance-id i-0123456789abcdef0 --health-status Unhealthy"
	)
	s := newSandbox(t)
	s.stack(selfSigned())
	s.succeed("bin/watch")

	s.remove("healthy")
	s.write("machine/proc/uptime", "599.99 1.00\n", 0o644)
	for range 6 {
		if calls := s.succeed("bin/watch"); count(calls, "aws") > 0 || count(calls, "systemctl") > 0 {
			t.Fatal("it acts in the first ten minutes")
		}
	}

	s.write("machine/proc/uptime", "600.01 1.00\n", 0o644)
	for failure := 1; failure <= 6; failure++ {
		calls := s.succeed("bin/watch")
		if got := count(calls, restarts); got > 0 != (failure == 3) {
			t.Errorf("failure %d: %d restarts", failure, got)
		}
		if got := count(calls, replaces); got > 0 != (failure >= 5) {
			t.Errorf("failure %d: asks %d times to be replaced: %v", failure, got, calls)
		}
	}

	s.write("healthy", "", 0o644)
	s.succeed("bin/watch")
	s.remove("healthy")
	if calls := s.succeed("bin/watch"); count(calls, "aws") > 0 {
		t.Error("it counts failures that were not in a row")
	}

	s.stack(loadBalancer())
	position(t, s.succeed("bin/watch"), "curl --silent --fail --insecure --max-time 10 --output /dev/null http://127.0.0.1/healthz")
}

func TestNetwork(t *testing.T) {
	s := newSandbox(t)
	s.stack(selfSigned())
	calls := s.succeed("bin/network")
	position(t, calls, "docker network create --driver bridge --subnet 198.18.0.128/25 --gateway 198.18.0.129 dataloaf")
	position(t, calls, "iptables --wait 10 --insert DOCKER-USER --source 198.18.0.131 ! --destination 198.18.0.128/25 --match conntrack --ctstate NEW --jump DROP")
	if calls := s.succeed("bin/network"); count(calls, "docker network create") > 0 || count(calls, "iptables --wait 10 --insert") > 0 {
		t.Errorf("the second time it calls %v", calls)
	}
}
