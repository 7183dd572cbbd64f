package postgrestest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Server is a database as it is reached over TLS and with a password.
type Server struct {
	Host     string
	Port     int
	Database string
	// CAFile is the PEM file of the authority that vouches for Host.
	CAFile string
	// Admin may make users, and owns the database.
	Admin, AdminPassword string
	// URL reaches the same database as a superuser, without either.
	URL string
}

// TLS gives a new, empty database of a server that lets nobody in over TLS
// without a password.
func TLS(tb testing.TB) Server {
	tb.Helper()
	s := Server{URL: URL(tb), Host: "127.0.0.1", Port: port, CAFile: authority, AdminPassword: "the admin's password"}
	db, err := sql.Open("postgres", s.URL)
	if err != nil {
		tb.Fatalf("open PostgreSQL: %v", err)
	}
	defer db.Close()
	if err := db.QueryRow(`SELECT current_database()`).Scan(&s.Database); err != nil {
		tb.Fatalf("ask for the database: %v", err)
	}
	// Users belong to the whole server: each database has its own admin.
	s.Admin = "admin_of_" + s.Database
	for _, statement := range []string{
		`CREATE USER "` + s.Admin + `" PASSWORD '` + "the admin''s password" + `' CREATEROLE`,
		`ALTER DATABASE "` + s.Database + `" OWNER TO "` + s.Admin + `"`,
		`ALTER SCHEMA "public" OWNER TO "` + s.Admin + `"`,
	} {
		if _, err := db.Exec(statement); err != nil {
			tb.Fatalf("%s: %v", statement, err)
		}
	}
	return s
}

// hba asks for a password over TLS and for none without.
const hba = `hostssl all all 127.0.0.1/32 scram-sha-256
hostnossl all all 127.0.0.1/32 trust
`

// secure writes what the server needs to speak TLS: a certificate that is its
// own authority, and the rules of who comes in.
func secure(dir, data string, as *syscall.Credential) (settings []string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "DataLoaf's tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	authority = filepath.Join(dir, "authority.pem")
	keyFile := filepath.Join(dir, "key.pem")
	for _, file := range []struct {
		name string
		text []byte
		mode os.FileMode
	}{
		{authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o644},
		// PostgreSQL refuses a key that others may read.
		{keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600},
		{filepath.Join(data, "pg_hba.conf"), []byte(hba), 0o600},
	} {
		if err := os.WriteFile(file.name, file.text, file.mode); err != nil {
			return nil, fmt.Errorf("write %s: %w", file.name, err)
		}
		if as == nil {
			continue
		}
		if err := os.Chown(file.name, int(as.Uid), int(as.Gid)); err != nil {
			return nil, err
		}
	}
	return []string{"-c", "ssl=on", "-c", "ssl_cert_file=" + authority, "-c", "ssl_key_file=" + keyFile}, nil
}
