package insight

import (
	"encoding/json"
	"testing"
	"time"
)

// TestACohortUntilTheEndOfTime: a resolved cohort is part of its question's key,
// which is JSON, and that has no times beyond the year 9999.
func TestACohortUntilTheEndOfTime(t *testing.T) {
	c, err := ParseCohort([]byte(`{"conditions":[{"type":"event","event":"*","range":{"from":"0001-01-01","to":"9999-12-31"}},{"type":"funnel","steps":[{"event":"a"},{"event":"b"}],"window":"1d","outcome":"completed","range":{"from":"0001-01-01","to":"9999-12-31"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	resolved := c.Resolve(time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC))
	if _, err := json.Marshal(resolved); err != nil {
		t.Error(err)
	}
	for _, condition := range resolved.Conditions {
		if condition.To.Year() < 9000 || !condition.From.Before(condition.To) {
			t.Errorf("%s is from %v to %v", condition.Type, condition.From, condition.To)
		}
	}
}
