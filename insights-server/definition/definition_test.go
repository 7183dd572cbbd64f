package definition

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dataloaf/dataloaf/insights-server/insight"
	"github.com/dataloaf/dataloaf/insights-server/query"
	"github.com/dataloaf/dataloaf/insights-server/saved"
)

func TestLooksPersonal(t *testing.T) {
	for _, test := range []struct{ name, word string }{
		{"email", "email"}, {"Email", "email"}, {"EMAIL", "email"}, {"user_email", "email"}, {"userEmail", "email"}, {"emails", "email"},
		{"e-mail", "e mail"}, {"eMail", "e mail"}, {"contact.email.value", "email"},
		{"phone", "phone"}, {"phoneNumber", "phone"}, {"Phone Number", "phone"}, {"telephone", "telephone"},
		{"ip", "ip"}, {"IP", "ip"}, {"client_ip", "ip"}, {"clientIP", "ip"}, {"IPAddress", "ip"}, {"ipAddress", "ip"}, {"clientIPs", "ip"}, {"$ip", "ip"},
		{"address", "address"}, {"shipping_address", "address"}, {"addresses", "address"}, {"home address 2", "address"},
		{"birthday", "birthday"}, {"date_of_birth", "birth"}, {"DOB", "dob"},
		{"ssn", "ssn"}, {"SSN", "ssn"}, {"userSSN", "ssn"}, {"iban", "iban"}, {"IBANNumber", "iban"},
		{"first_name", "first name"}, {"firstName", "first name"}, {"lastname", "lastname"}, {"credit-card", "credit card"}, {"cardNumber", "card number"},
		{"zip", "zip"}, {"postalCode", "postal code"}, {"password", "password"}, {"straße_und_email", "email"},

		{"shipping", ""}, {"tip", ""}, {"zipper", ""}, {"telephoned", ""}, {"addressable", ""}, {"description", ""}, {"name", ""}, {"plan", ""},
		{"recipe", ""}, {"ipad", ""}, {"mailing", ""}, {"emailer", ""}, {"first", ""}, {"card", ""}, {"name_first", ""}, {"", ""}, {"_", ""}, {"日本", ""},
	} {
		reason, ok := LooksPersonal(test.name, []string{"string", "number"})
		if ok != (test.word != "") {
			t.Errorf("%q: %v, %q", test.name, ok, reason)
		}
		// The words stand in the reason as the name has them, in lower case.
		if ok && !strings.Contains(reason, `"`+test.word) {
			t.Errorf("%q: the reason is %q, want %q in it", test.name, reason, test.word)
		}
	}
	if _, ok := LooksPersonal("email_verified", []string{"boolean"}); ok {
		t.Error("what is only ever true or false looks personal")
	}
	if _, ok := LooksPersonal("email_verified", []string{"boolean", "string"}); !ok {
		t.Error("what is text, too, does not look personal")
	}
	if _, ok := LooksPersonal("email", nil); !ok {
		t.Error("what was never seen does not look personal")
	}
}

func TestAlike(t *testing.T) {
	for _, test := range []struct {
		names []string
		want  map[string][]string
	}{
		{[]string{"Sign up", "sign_up", "signup", "sign-up", "SIGN\tUP", "signed up"}, map[string][]string{
			"Sign up":  {"SIGN\tUP", "sign-up", "sign_up", "signup"},
			"sign_up":  {"SIGN\tUP", "Sign up", "sign-up", "signup"},
			"signup":   {"SIGN\tUP", "Sign up", "sign-up", "sign_up"},
			"sign-up":  {"SIGN\tUP", "Sign up", "sign_up", "signup"},
			"SIGN\tUP": {"Sign up", "sign-up", "sign_up", "signup"},
		}},
		{[]string{"ÄRGER", "ärger", "arger"}, map[string][]string{"ÄRGER": {"ärger"}, "ärger": {"ÄRGER"}}},
		{[]string{"a.b", "ab", "a:b", "a b c"}, nil},
		{[]string{"same", "same"}, nil},
		{[]string{"_", "-", " ", ""}, nil},
		{nil, nil},
	} {
		if got := Alike(test.names); len(got) != len(test.want) || len(got) > 0 && fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%q: %q, want %q", test.names, got, test.want)
		}
	}
	// A name of many spellings has some of them.
	var many []string
	for i := range MaxAlike + 10 {
		many = append(many, "a"+strings.Repeat("_", i)+"b")
	}
	for name, others := range Alike(many) {
		seen := map[string]bool{name: true}
		for _, other := range others {
			if seen[other] {
				t.Errorf("%q is given twice, or of itself", other)
			}
			seen[other] = true
		}
		if len(others) != MaxAlike {
			t.Errorf("%q has %d others", name, len(others))
		}
	}
}

func defined(name string, at time.Time, id string, hidden bool) saved.Item[saved.EventDefinition] {
	return saved.Item[saved.EventDefinition]{
		Meta:    saved.Meta{ID: id, CreatedAt: at},
		Content: saved.EventDefinition{Definition: saved.Definition{Name: name, Hidden: hidden}},
	}
}

// TestTheOlderDefinitionCounts: two servers can make two of one name at once.
func TestTheOlderDefinitionCounts(t *testing.T) {
	at := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	all := []saved.Item[saved.EventDefinition]{
		defined("late", at.Add(time.Second), "1", true), defined("late", at, "2", false),
		defined("tie", at, "4", false), defined("tie", at, "3", true),
	}
	hidden := Hidden(all, func(d saved.EventDefinition) saved.Definition { return d.Definition })
	if len(hidden) != 1 || !hidden["tie"] {
		t.Errorf("hidden: %v", hidden)
	}
	events := Events([]query.EventVolume{{EventInfo: query.EventInfo{Name: "tie", Count: 1, FirstSeen: at, LastSeen: at}}}, all)
	if len(events) != 2 || events[0].Definition.ID != "3" || events[1].Name != "late" || events[1].Definition.ID != "2" || events[1].Seen {
		t.Errorf("%+v", events)
	}
}

func TestPropertiesAreJoined(t *testing.T) {
	seen := []query.SeenProperty{{PropertyTypes: query.PropertyTypes{Name: "client ip", Count: 3, Types: []query.TypeCount{{Type: "string", Count: 3}}}, Sample: []byte(`"203.0.113.7"`)}}
	define := func(name string) saved.Item[saved.PropertyDefinition] {
		return saved.Item[saved.PropertyDefinition]{Content: saved.PropertyDefinition{Scope: insight.ScopeEvent, Definition: saved.Definition{Name: name}}}
	}
	all := Properties(seen, []saved.Item[saved.PropertyDefinition]{define("b"), define("clientIP"), define("a")})
	var names []string
	for _, p := range all {
		names = append(names, fmt.Sprint(p.Name, p.Seen, p.Alike, p.LooksPersonal, len(p.Sample)))
	}
	// A planned property that sounds personal is told of before it comes.
	if got, want := strings.Join(names, "; "), "client iptrue [clientIP] true 0; afalse [] false 0; bfalse [] false 0; clientIPfalse [client ip] true 0"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
