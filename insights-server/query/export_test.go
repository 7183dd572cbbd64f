package query

// GroupsOf names a series' groups by their keys, for plans made without a
// database.
func GroupsOf(keys ...string) Groups {
	var g Groups
	for _, key := range keys {
		g.groups = append(g.groups, group{text: key[1:], keys: []string{key}, count: 1})
	}
	return g
}

// QuestionKey is the key that an answer is kept under.
var QuestionKey = questionKey

// Running is how many questions run, and Asking how many wait for the answers of
// shared ones.
func (s *Service) Running() int { return len(s.turns.running) }

func (s *Service) Asking() int {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	n := 0
	for _, f := range s.cache.flights {
		n += f.askers
	}
	return n
}
