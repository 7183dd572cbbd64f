package warehouse_test

import (
	"strings"
	"testing"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

func TestAHashTellsOneIDAlone(t *testing.T) {
	salt := []byte("0123456789abcdef")
	one, err := warehouse.HashUserID("ada", salt, 3)
	if err != nil || !strings.HasPrefix(one, "pbkdf2-sha256$3$MDEyMzQ1Njc4OWFiY2RlZg$") || strings.Contains(one, "ada") {
		t.Fatalf("%s, %v", one, err)
	}
	gotSalt, rounds, err := warehouse.HashSalt(one)
	if err != nil || rounds != 3 || string(gotSalt) != string(salt) {
		t.Errorf("%s, %d, %v", gotSalt, rounds, err)
	}
	same, err1 := warehouse.HashUserID("ada", gotSalt, rounds)
	other, err2 := warehouse.HashUserID("Ada", gotSalt, rounds)
	if err1 != nil || err2 != nil || !warehouse.SameHash(one, same) || warehouse.SameHash(one, other) {
		t.Errorf("%s, %s, %s", one, same, other)
	}
	if _, err := warehouse.HashUserID("ada", salt[:15], 3); err == nil {
		t.Error("a short salt passes")
	}
	for _, broken := range []string{"", "x", "md5$3$MDEyMzQ1Njc4OWFiY2RlZg$x", "pbkdf2-sha256$0$MDEyMzQ1Njc4OWFiY2RlZg$x", "pbkdf2-sha256$3$MDE$x", "pbkdf2-sha256$3$!$x"} {
		if _, _, err := warehouse.HashSalt(broken); err == nil {
			t.Errorf("%q passes", broken)
		}
	}
}
