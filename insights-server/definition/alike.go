package definition

import (
	"slices"
	"strings"
	"unicode"
)

// MaxAlike is how many other names Alike gives for one at most: who sends a name
// in a thousand spellings is not to get a million names back.
const MaxAlike = 20

// Alike finds names that differ in case, spaces, underscores and hyphens alone,
// such as "Sign up" and "sign_up": most likely one thing that is sent under two
// names. For each such name it gives the others, the first MaxAlike by code point; names that are
// given twice count once.
func Alike(names []string) map[string][]string {
	groups := map[string][]string{}
	for _, name := range names {
		key := spelling(name)
		if key != "" {
			groups[key] = append(groups[key], name)
		}
	}
	alike := map[string][]string{}
	for _, group := range groups {
		slices.Sort(group)
		group = slices.Compact(group)
		if len(group) < 2 {
			continue
		}
		for i, name := range group {
			alike[name] = slices.Concat(group[:min(i, MaxAlike)], group[i+1:max(i+1, min(len(group), MaxAlike+1))])
		}
	}
	return alike
}

// spelling is what a name's spellings have in common.
func spelling(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}
