package warehouse_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// rounds, of so many users each, make the cases.
const (
	rounds        = 64
	usersPerRound = 8
)

// said is one write, as a client sent it.
type said struct {
	kind warehouse.Kind
	post wire.NewUser
	upd  wire.UserUpdate
}

func (s said) write() warehouse.UserWrite {
	if s.kind == warehouse.Users {
		return warehouse.FromNewUser(s.post)
	}
	return warehouse.FromUpdate(s.upd)
}

func (s said) record() string {
	if s.kind == warehouse.Users {
		return strings.TrimSuffix(string(s.post.AppendRecord(nil, noon)), "\n")
	}
	return strings.TrimSuffix(string(s.upd.AppendRecord(nil, noon)), "\n")
}

// saidAbout makes the writes about one user: few names and few times, so that most
// compete, many at the same time.
func saidAbout(rng *rand.Rand, id string) []said {
	values := []string{`null`, `1`, `1.0`, `-0.5`, `1e21`, `"b"`, `"a"`, `""`, `"é"`, `"e\u0301"`, `"😀"`, `true`, `false`, `{"z":1,"y":[2.0,null]}`, `[]`, `"a\"\\\n"`}
	names := []string{"k", "K", "naïve", `q"uo'te`, "a.b", "$"}
	var out []said
	for range 1 + rng.IntN(8) {
		attributes := map[string]json.RawMessage{}
		for range rng.IntN(4) {
			attributes[names[rng.IntN(len(names))]] = json.RawMessage(values[rng.IntN(len(values))])
		}
		text, err := json.Marshal(attributes)
		if err != nil {
			panic(err) // sound JSON
		}
		at := noon.Add(time.Duration(rng.IntN(3)) * time.Microsecond)
		if rng.IntN(3) == 0 {
			at = noon.AddDate(0, 0, rng.IntN(3)-1)
		}
		s := said{kind: warehouse.Updates, upd: wire.UserUpdate{UserID: id, UpdatedAt: at, Attributes: text}}
		if rng.IntN(2) == 0 {
			s = said{kind: warehouse.Users, post: wire.NewUser{UserID: id, CreatedAt: at, Attributes: text}}
		}
		out = append(out, s)
	}
	return out
}

// plan is a way in which writes reach the warehouse: steps, some at once.
func plan(rng *rand.Rand, put func(warehouse.Kind, string, ...string) warehouse.Object, name string, writes []said) []func(context.Context, engine) error {
	// Any repetition, any order.
	for range rng.IntN(len(writes)) {
		writes = append(writes, writes[rng.IntN(len(writes))])
	}
	rng.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
	// Any split into objects of one kind.
	type object struct {
		warehouse.Object
		writes []warehouse.UserWrite
	}
	var objects []object
	for len(writes) > 0 {
		n := 1 + rng.IntN(min(len(writes), 12))
		lines, of := map[warehouse.Kind][]string{}, map[warehouse.Kind][]warehouse.UserWrite{}
		for _, s := range writes[:n] {
			lines[s.kind] = append(lines[s.kind], s.record())
			of[s.kind] = append(of[s.kind], s.write())
		}
		writes = writes[n:]
		for _, kind := range []warehouse.Kind{warehouse.Users, warehouse.Updates} {
			if len(lines[kind]) > 0 {
				objects = append(objects, object{put(kind, fmt.Sprintf("%s-%d", name, len(objects)), lines[kind]...), of[kind]})
			}
		}
	}
	var steps []func(context.Context, engine) error
	for len(objects) > 0 {
		n := 1 + rng.IntN(min(len(objects), 4))
		some := slices.Clone(objects[:n])
		objects = objects[n:]
		loads := func(ctx context.Context, w engine) error {
			list := make([]warehouse.Object, len(some))
			for i, o := range some {
				list[i] = o.Object
			}
			_, err := w.Load(ctx, list)
			return err
		}
		// An update is merged at once, merged by a retry, or left to the loader;
		// and any of it again.
		for again := true; again; again = rng.IntN(3) == 0 {
			switch rng.IntN(3) {
			case 0:
				steps = append(steps, loads)
			case 1:
				steps = append(steps, func(ctx context.Context, w engine) error {
					return atOnce(len(some), func(i int) error { return w.Merge(ctx, some[i].Object, some[i].writes) })
				})
			default:
				steps = append(steps, func(ctx context.Context, w engine) error {
					for _, o := range some {
						if err := w.MergeObject(ctx, o.Object); err != nil {
							return err
						}
					}
					return nil
				})
			}
		}
	}
	rng.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	return steps
}

// atOnce runs f for each number below n and joins their errors.
func atOnce(n int, f func(i int) error) error {
	errs := make([]error, n)
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { errs[i] = f(i) })
	}
	running.Wait()
	return errors.Join(errs...)
}

// describe is all that a user's row says.
func describe(u warehouse.User) string {
	created := "never"
	if u.CreatedAt != nil {
		created = u.CreatedAt.UTC().Format(time.RFC3339Nano)
	}
	attributes, times := u.EncodeAttributes()
	return strings.Join([]string{u.ID, created, u.UpdatedAt.UTC().Format(time.RFC3339Nano), attributes, times}, " ")
}

// Any order, repetition, split and interleaving of the same writes, by POST or
// PATCH, by loads, merges and retries of two programs at once, ends in the same
// row: the one that folding the writes gives.
func TestUsersConverge(t *testing.T) {
	rounds := rounds
	if testing.Short() {
		rounds = 8
	}
	for _, name := range engineNames {
		t.Run(name, func(t *testing.T) {
			raw := folder(t.TempDir())
			open := site(t, name, raw, nil)
			first := opened(t, open)
			programs := []engine{first, first}
			if name != "duckdb" { // whose file belongs to one program
				programs[1] = opened(t, open)
			}
			put := func(kind warehouse.Kind, name string, lines ...string) warehouse.Object {
				return raw.put(t, kind, name, lines...)
			}
			for round := range rounds {
				rng := rand.New(rand.NewPCG(uint64(round), 22)) //nolint:gosec // counts from zero
				wanted := map[string]warehouse.User{}
				var ids []string
				var all []said
				for n := range usersPerRound {
					id := fmt.Sprintf("%d-%d", round, n)
					ids = append(ids, id)
					for i, s := range saidAbout(rng, id) {
						state, err := s.write().State()
						if err != nil {
							t.Fatal(err)
						}
						if i > 0 {
							state = warehouse.Merge(wanted[id], state)
						}
						wanted[id] = state
						all = append(all, s)
					}
				}
				steps := plan(rng, put, fmt.Sprint(round), all)
				var running sync.WaitGroup
				failed := make(chan error, len(steps))
				for worker := range 3 {
					running.Go(func() {
						for i := worker; i < len(steps); i += 3 {
							if err := steps[i](t.Context(), programs[i%2]); err != nil {
								failed <- err
							}
						}
					})
				}
				running.Wait()
				close(failed)
				for err := range failed {
					t.Fatalf("round %d: %v", round, err)
				}
				users, err := first.Users(t.Context(), ids)
				if err != nil {
					t.Fatal(err)
				}
				if len(users) != len(ids) {
					t.Fatalf("round %d: %d rows for %d users", round, len(users), len(ids))
				}
				for _, u := range users {
					if got, want := describe(u), describe(wanted[u.ID]); got != want {
						t.Fatalf("round %d:\n got %s\nwant %s", round, got, want)
					}
				}
			}
			want(t, "rows", column(t, first, `SELECT CAST(COUNT(*) AS VARCHAR) FROM "users"`), fmt.Sprint(rounds*usersPerRound))
			if name == "duckdb" {
				attributeColumns(t, first)
			}
		})
	}
}
