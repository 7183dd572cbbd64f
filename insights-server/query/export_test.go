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
