package local_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/functions/local"
)

func TestKeysChangeWhileCallsComeIn(t *testing.T) {
	ring := local.NewKeyring("old")
	api := edge(t, func(c *local.HTTPConfig) { c.Keys = ring })
	call := func(key string) int {
		r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader("{}"))
		r.Header.Set("x-api-key", key)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		return w.Code
	}
	for _, step := range []struct {
		set      []string
		old, new int
	}{
		{[]string{"old"}, http.StatusAccepted, http.StatusForbidden},
		{[]string{"old", "new"}, http.StatusAccepted, http.StatusAccepted},
		{[]string{"new"}, http.StatusForbidden, http.StatusAccepted},
	} {
		var sums [][sha256.Size]byte
		for _, key := range step.set {
			sums = append(sums, sha256.Sum256([]byte(key)))
		}
		ring.Set(sums...)
		if a, b := call("old"), call("new"); a != step.old || b != step.new {
			t.Errorf("with the keys %q the answers are %d and %d", step.set, a, b)
		}
	}
	if use, ok := ring.Use(sha256.Sum256([]byte("new"))); !ok || use.Calls != 2 || use.Last.IsZero() {
		t.Errorf("%+v, %v", use, ok)
	}
	if use, ok := ring.Use(sha256.Sum256([]byte("old"))); ok || use.Calls != 0 {
		t.Errorf("a key that is gone has %+v", use)
	}
}
