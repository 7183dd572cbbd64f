package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/dataloaf/dataloaf/functions/warehouse/postgres"
	"github.com/dataloaf/dataloaf/functions/warehouse/postgrestest"
	"github.com/dataloaf/dataloaf/functions/warehouse/warehousetest"
)

// TestAddressesOfCallersAreNotStored has the server believe a proxy about who
// calls, and looks for that address in every row of the warehouse, which is all
// that the server writes to. What is stored by the rest of the pipeline is looked
// through by a test of loafctl of nearly the same name.
func TestAddressesOfCallersAreNotStored(t *testing.T) {
	const caller = "198.51.100.203"
	url := postgrestest.URL(t)
	tables, err := postgres.Open(t.Context(), postgres.Config{URL: url, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := tables.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := tables.Close(); err != nil {
		t.Fatal(err)
	}
	log := &bytes.Buffer{}
	// After the server has stopped.
	t.Cleanup(func() {
		// That it was believed is seen in the log, which the operator has: it goes to
		// standard error and is kept by nobody here.
		if !strings.Contains(log.String(), caller) {
			t.Errorf("the proxy is not believed:\n%s", log)
		}
		rows := allRows(t, url)
		for table, text := range rows {
			if strings.Contains(text, caller) {
				t.Errorf("the table %s has the caller's address:\n%s", table, text)
			}
		}
		if !strings.Contains(rows["loaf_documents"], "what was saved") {
			t.Errorf("nothing was saved: %q", rows["loaf_documents"])
		}
	})
	sum := sha256.Sum256([]byte("token"))
	address := startLogging(t, log,
		"LOAF_WAREHOUSE_URL", url, "LOAF_ADMIN_PASSWORD", "correct horse", "LOAF_TOKEN_SHA256", hex.EncodeToString(sum[:]),
		"LOAF_TRUSTED_PROXIES", "127.0.0.0/8",
	)
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/api/v1/login", `{"password":"correct horse"}`, 200},
		{"POST", "/api/v1/login", `{"password":"wrong"}`, 401},
		{"POST", "/api/v1/login", `{"email":"ada@example.com","password":"wrong"}`, 401},
		{"POST", "/api/v1/query", `{"range":{"last":"7d"},"interval":"day","series":[{"event":"*","aggregation":{"type":"total"}}]}`, 200},
		{"GET", "/api/v1/export?from=2020-01-01&to=2030-01-01", "", 200},
		{"POST", "/api/v1/tokens", `{"name":"what was saved","scopes":["read"]}`, 201},
		{"POST", "/api/v1/invitations", `{"email":"cem@example.com","role":"viewer"}`, 201},
		{"POST", "/api/v1/annotations", `{"at":"2026-01-02T00:00:00Z","text":"what was saved"}`, 201},
		{"POST", "/api/v1/deletions", `{"user_id":"ada"}`, 201},
	} {
		r := newRequest(t, c.method, address+c.path, c.body)
		r.Header.Set("Authorization", "Bearer token")
		r.Header.Set("X-Forwarded-For", caller)
		if got := status(t, http.DefaultClient, r); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.want)
		}
	}
}

// allRows are the rows of each table, as text.
func allRows(t *testing.T, url string) map[string]string {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return warehousetest.Rows(context.Background(), t, db) // the test's own context has ended
}
