package warehouse

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

var base = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func state(t *testing.T, w UserWrite) User {
	t.Helper()
	u, err := w.State()
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func write(seconds int, created bool, attributes string) UserWrite {
	at := base.Add(time.Duration(seconds) * time.Second)
	w := UserWrite{UserID: "u", At: at, Attributes: json.RawMessage(attributes)}
	if created {
		w.CreatedAt = &at
	}
	return w
}

func TestMergeRule(t *testing.T) {
	cases := map[string]struct {
		a, b       UserWrite
		attributes string
		created    *time.Time
	}{
		"later wins":                   {write(1, false, `{"k":"z"}`), write(2, false, `{"k":"a"}`), `{"k":"a"}`, nil},
		"attributes compete singly":    {write(1, false, `{"a":1,"b":1}`), write(2, false, `{"b":2}`), `{"a":1,"b":2}`, nil},
		"null removes":                 {write(1, false, `{"k":1}`), write(2, false, `{"k":null}`), `{}`, nil},
		"a removal is remembered":      {write(2, false, `{"k":null}`), write(1, false, `{"k":1}`), `{}`, nil},
		"equal time: greater text":     {write(1, false, `{"k":"a"}`), write(1, false, `{"k":"b"}`), `{"k":"b"}`, nil},
		"equal time: text, not number": {write(1, false, `{"k":10}`), write(1, false, `{"k":9}`), `{"k":9}`, nil},
		"equal time: null is lowest":   {write(1, false, `{"k":null}`), write(1, false, `{"k":""}`), `{"k":""}`, nil},
		"equal time: below null":       {write(1, false, `{"k":null}`), write(1, false, `{"k":false}`), `{"k":false}`, nil},
		"equal time: same number":      {write(1, false, `{"k":1.0}`), write(1, false, `{"k":1}`), `{"k":1}`, nil},
		"earliest created":             {write(2, true, `{}`), write(1, true, `{}`), `{}`, &base},
		"an update sets no creation":   {write(1, false, `{}`), write(2, false, `{}`), `{}`, nil},
		"objects are one value":        {write(1, false, `{"k":{"b":1,"a":2}}`), write(0, false, `{"k":{"c":1}}`), `{"k":{"a":2,"b":1}}`, nil},
		"names with odd characters":    {write(1, false, `{"<\"é\"&>":1}`), write(0, false, `{}`), `{"<\"é\"&>":1}`, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, u := range []User{Merge(state(t, c.a), state(t, c.b)), Merge(state(t, c.b), state(t, c.a))} {
				if attributes, _ := u.EncodeAttributes(); attributes != c.attributes {
					t.Errorf("got %s, want %s", attributes, c.attributes)
				}
				switch {
				case (u.CreatedAt == nil) != (c.created == nil):
					t.Errorf("created_at %v", u.CreatedAt)
				case c.created != nil && !u.CreatedAt.Equal(base.Add(time.Second)):
					t.Errorf("created_at %v", u.CreatedAt)
				}
			}
		})
	}
}

func TestMergeIsOrderFree(t *testing.T) {
	values := []string{`null`, `1`, `1.0`, `"1"`, `true`, `[1,2]`, `{"b":1,"a":2}`, `""`, `"é"`, `1e3`}
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var writes []UserWrite
		for range 2 + rng.IntN(8) {
			attributes := fmt.Sprintf(`{"a":%s,"k%d":%s}`, values[rng.IntN(len(values))], rng.IntN(2), values[rng.IntN(len(values))])
			writes = append(writes, write(rng.IntN(3), rng.IntN(2) == 0, attributes))
		}
		fold := func(ws []UserWrite) User {
			u := state(t, ws[0])
			for _, w := range ws[1:] {
				u = Merge(u, state(t, w))
			}
			return u
		}
		want := fold(writes)
		if got := Merge(want, want); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: not idempotent", seed)
		}
		for range 5 {
			shuffled := append([]UserWrite(nil), writes...)
			rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			shuffled = append(shuffled, writes[rng.IntN(len(writes))])
			cut := 1 + rng.IntN(len(shuffled)-1)
			if got := Merge(fold(shuffled[:cut]), fold(shuffled[cut:])); !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d:\n got %+v\nwant %+v", seed, got, want)
			}
		}
		attributes, times := want.EncodeAttributes()
		back, err := DecodeAttributes(attributes, times)
		if err != nil || !reflect.DeepEqual(back, want.Attributes) {
			t.Fatalf("seed %d: %s %s: %v, %v", seed, attributes, times, back, err)
		}
	}
}

// FuzzMerge writes whatever JSON there is at any times: the laws of the merge hold,
// and a row that was written is read back as it was.
func FuzzMerge(f *testing.F) {
	f.Add(`{"a":1}`, int64(1), `{"a":null}`, int64(1), `{"a":"x","b":{"c":[1,2.50,"é"]}}`, int64(0))
	f.Add(`{"":0,"<&>\u2028":true}`, int64(-1), `{"":-0}`, int64(1<<40), `{"\ud83d\ude00":1e400}`, int64(7))
	f.Add(`{"k":10}`, int64(2), `{"k":9}`, int64(2), `{"k":1.0}`, int64(2))
	f.Add(`{"k":"a","k":"b","K":1}`, int64(3), `null`, int64(3), `[]`, int64(3))
	f.Fuzz(func(t *testing.T, a string, aAt int64, b string, bAt int64, c string, cAt int64) {
		var states []User
		for _, w := range []struct {
			attributes string
			at         int64
		}{{a, aAt}, {b, bAt}, {c, cAt}} {
			at := time.UnixMicro(w.at % (1 << 52)).UTC() // what a TIMESTAMP holds
			u, err := UserWrite{UserID: "u", CreatedAt: &at, At: at, Attributes: json.RawMessage(w.attributes)}.State()
			var data *DataError
			if err != nil && !errors.As(err, &data) {
				t.Fatalf("%q: %v", w.attributes, err)
			}
			if err == nil {
				states = append(states, u)
			}
		}
		if len(states) == 0 {
			return
		}
		x, y, z := states[0], states[len(states)/2], states[len(states)-1]
		want := Merge(Merge(x, y), z)
		for name, got := range map[string]User{
			"not associative": Merge(x, Merge(y, z)),
			"not commutative": Merge(Merge(z, y), x),
			"not idempotent":  Merge(want, Merge(want, y)),
		} {
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s:\n got %+v\nwant %+v", name, got, want)
			}
		}
		attributes, times := want.EncodeAttributes()
		back, err := DecodeAttributes(attributes, times)
		if err != nil || !reflect.DeepEqual(back, want.Attributes) {
			t.Fatalf("%s %s: %v\n got %+v\nwant %+v", attributes, times, err, back, want.Attributes)
		}
	})
}
