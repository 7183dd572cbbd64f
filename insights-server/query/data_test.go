package query_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/insights-server/query/reference"
)

// dataset is the same data twice: as the reference reads it and as the raw
// lines that the engines load.
type dataset struct {
	data   reference.Data
	events [][]byte
	users  [][]byte
}

const recordTime = "2006-01-02T15:04:05.000000Z"

var received = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// addEvent takes an event with its properties as JSON.
func (d *dataset) addEvent(id, name string, user *string, at time.Time, properties string) {
	at = at.UTC().Truncate(time.Microsecond)
	record := map[string]any{
		"event_id": id, "event": name, "timestamp": at.Format(recordTime),
		"properties": json.RawMessage(properties), "received_at": received.Format(recordTime),
	}
	if user != nil {
		record["user_id"] = *user
	}
	d.events = append(d.events, encode(record))
	d.data.Events = append(d.data.Events, reference.Event{ID: id, Name: name, User: user, Time: at, Properties: decode(properties)})
}

func (d *dataset) addUser(id, attributes string) {
	d.users = append(d.users, encode(map[string]any{
		"user_id": id, "created_at": received.Format(recordTime),
		"attributes": json.RawMessage(attributes), "received_at": received.Format(recordTime),
	}))
	if d.data.Users == nil {
		d.data.Users = map[string]map[string]any{}
	}
	d.data.Users[id] = decode(attributes)
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

func decode(object string) map[string]any {
	d := json.NewDecoder(bytes.NewBufferString(object))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		panic(fmt.Sprintf("%s: %v", object, err))
	}
	return m
}

// sample reads the project's sample data: the commits of an open-source project.
func sample(t *testing.T) *dataset {
	t.Helper()
	d := &dataset{}
	eachLine(t, "testdata/terraform-commits.events.ndjson.gz", func(line []byte) error {
		var e struct {
			ID         string          `json:"event_id"`
			Name       string          `json:"event"`
			User       *string         `json:"user_id"`
			Time       time.Time       `json:"timestamp"`
			Properties json.RawMessage `json:"properties"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		d.addEvent(e.ID, e.Name, e.User, e.Time, string(e.Properties))
		return nil
	})
	eachLine(t, "testdata/terraform-commits.users.ndjson.gz", func(line []byte) error {
		var u struct {
			ID         string          `json:"user_id"`
			Attributes json.RawMessage `json:"attributes"`
		}
		if err := json.Unmarshal(line, &u); err != nil {
			return err
		}
		d.addUser(u.ID, string(u.Attributes))
		return nil
	})
	return d
}

func eachLine(t *testing.T, path string, use func([]byte) error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(unpacked)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := use(lines.Bytes()); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// mixedKeys are property names that something on the way might trip over.
var mixedKeys = []string{
	"amount", "Amount", "files", "Files", "camelKey", "camelkey", "a.b", "a/b", "a~b", "a~1b", `quo"te`, "it's", "ключ",
	"$dollar", "[0]", "*", "0", "with space", "a:b", "back\\slash", "{}", "$.files", "ÄPFEL",
}

// mixedValues are JSON values of every type, null and near misses of each
// other among them.
var mixedValues = []string{
	`null`, `""`, `" "`, `"10"`, `10`, `10.0`, `"10.0"`, `1e1`, `0`, `-0`, `0.5`, `-3`, `3`, `true`, `false`, `"true"`, `"false"`,
	`"null"`, `{}`, `{"a":1}`, `[]`, `[10]`, `["10"]`, `"Äpfel"`, `"äPFEL"`, `"İstanbul"`, `"istanbul"`, `"ΟΔΟΣ"`, `"οδοσ"`, `"ẞ"`, `"ß"`,
	`"a%b"`, `"a_b"`, `"axb"`, `"it's \"quoted\" \\ / back"`, `"日本語"`, `"e\u0301"`, `"é"`, `"😀"`, `"new\nline"`,
	`12345678901234567890`, `9007199254740993`, `123456789012345678901234567890`, `1e100`, `-1e100`, `1e-300`, `4.9e-324`, `0.1`, `2.5`, `99`, `100`, `101`,
}

// mixed makes events and users whose values are as varied as JSON allows,
// around instants at which clocks change.
func mixed(seed uint64) *dataset {
	r := rand.New(rand.NewPCG(seed, 1))
	d := &dataset{}
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	object := func(keys []string, most int) string {
		chosen := map[string]json.RawMessage{}
		for range r.IntN(most + 1) {
			chosen[pick(keys)] = json.RawMessage(pick(mixedValues))
		}
		if r.IntN(3) > 0 {
			chosen["n"] = json.RawMessage(fmt.Sprint(r.IntN(1000)))
		}
		if r.IntN(3) > 0 {
			chosen["price"] = json.RawMessage(fmt.Sprintf("%.2f", r.Float64()*100))
		}
		return string(encode(chosen))
	}
	var users []string
	for i := range 40 {
		id := fmt.Sprintf("user-%d", i)
		if i%10 == 0 {
			id = pick([]string{"Ä", "o'hara", `"q"`, "日本"}) + id
		}
		users = append(users, id)
	}
	names := []string{"view", "view", "view", "View", "purchase", `weird "name" it's`, "Äpfel/日本 %_"}
	changes := []time.Time{
		time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC),                                              // Apia leaves out a day
		time.Date(2017, 10, 15, 3, 0, 0, 0, time.UTC),                                               // São Paulo leaves out midnight
		time.Date(2018, 2, 18, 2, 0, 0, 0, time.UTC),                                                // São Paulo repeats 23:00
		time.Date(2024, 3, 31, 1, 0, 0, 0, time.UTC), time.Date(2024, 10, 27, 1, 0, 0, 0, time.UTC), // Europe
		time.Date(2024, 4, 6, 15, 0, 0, 0, time.UTC), time.Date(2024, 10, 5, 15, 30, 0, 0, time.UTC), // Lord Howe, and Chatham within the hour
		time.Date(2024, 3, 10, 7, 0, 0, 0, time.UTC), time.Date(2024, 11, 3, 6, 0, 0, 0, time.UTC), // New York
		time.Date(2024, 4, 25, 22, 0, 0, 0, time.UTC), time.Date(2024, 10, 31, 21, 0, 0, 0, time.UTC), // Cairo
		time.Date(2024, 12, 31, 18, 30, 0, 0, time.UTC), time.Date(2024, 2, 29, 18, 15, 0, 0, time.UTC), // New Year in Kolkata
	}
	var before time.Time
	for i := range 6000 {
		at := changes[r.IntN(len(changes))]
		switch r.IntN(5) {
		case 0: // on a boundary, to the microsecond
			at = at.Add(time.Duration(r.IntN(9)-4) * 30 * time.Minute).Add(time.Duration(r.IntN(3)-1) * time.Microsecond)
		case 1: // close by
			at = at.Add(time.Duration(r.Int64N(int64(6*time.Hour))) - 3*time.Hour)
		case 2: // same instant as another
			if !before.IsZero() {
				at = before
			}
		default: // within weeks
			at = at.Add(time.Duration(r.Int64N(int64(40*24*time.Hour))) - 20*24*time.Hour)
		}
		before = at
		var user *string
		if r.IntN(8) > 0 {
			// Few users have most of the events; some have no row of their own.
			id := users[min(r.IntN(len(users)), r.IntN(len(users)))]
			user = &id
		}
		d.addEvent(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), names[r.IntN(len(names))], user, at, object(mixedKeys, 6))
	}
	for i, id := range users {
		if i%7 == 3 {
			continue
		}
		d.addUser(id, object(mixedKeys, 12))
	}
	d.addUser("never seen", `{"n":1}`)
	return d
}

// wide makes more properties than there are typed columns. The names that come
// first get columns; the values of the others, which stay in the JSON, are of
// every type.
func wide() *dataset {
	d := &dataset{}
	r := rand.New(rand.NewPCG(7, 7))
	start := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	plain := []func() string{
		func() string { return fmt.Sprint(r.IntN(100)) },
		func() string { return fmt.Sprintf(`"%d"`, r.IntN(20)) },
		func() string { return fmt.Sprint(r.IntN(2) == 0) },
	}
	for i := range 1500 {
		properties := map[string]json.RawMessage{}
		for range 6 {
			k := r.IntN(300)
			value := mixedValues[r.IntN(len(mixedValues))]
			if k < 260 {
				value = plain[k%len(plain)]()
			}
			properties[fmt.Sprintf("k%03d", k)] = json.RawMessage(value)
		}
		properties["n"] = json.RawMessage(fmt.Sprint(i))
		user := fmt.Sprint("u", i%13)
		d.addEvent(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "wide", &user, start.Add(time.Duration(i)*time.Hour), string(encode(properties)))
	}
	return d
}

// folder is a warehouse.Source: buckets and keys are folders and files.
type folder string

func (f folder) path(o warehouse.Object) string { return filepath.Join(string(f), o.Bucket, o.Key) }

// Open implements warehouse.Source.
func (f folder) Open(_ context.Context, o warehouse.Object) (io.ReadCloser, error) {
	return os.Open(f.path(o))
}

// put writes lines as one raw object.
func (f folder) put(t testing.TB, kind warehouse.Kind, name string, lines [][]byte) warehouse.Object {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(append(bytes.Join(lines, []byte("\n")), '\n')); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	o, ok := warehouse.ParseKey(string(kind.Bucket()), string(kind)+"/2026/11/01/00/"+name+".ndjson.gz")
	if !ok {
		t.Fatalf("%s is no raw key", name)
	}
	o.Size = int64(packed.Len())
	if err := os.MkdirAll(filepath.Dir(f.path(o)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.path(o), packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

// objects writes the dataset as a few raw objects, so that the types of a
// property appear in one load after another.
func (d *dataset) objects(t testing.TB, raw folder) [][]warehouse.Object {
	t.Helper()
	third := len(d.events)/3 + 1
	var loads [][]warehouse.Object
	for i := 0; i < len(d.events); i += third {
		loads = append(loads, []warehouse.Object{raw.put(t, warehouse.Events, fmt.Sprint("e", i), d.events[i:min(i+third, len(d.events))])})
	}
	if len(d.users) > 0 {
		last := len(loads) - 1
		loads[last] = append(loads[last], raw.put(t, warehouse.Users, "u", d.users))
	}
	return loads
}
