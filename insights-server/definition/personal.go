// Package definition holds what was seen of events and properties beside what
// people say of them, and points out what they may want to look at: names that
// differ in their spelling alone, values of several types, and names that sound
// like personal data. It changes and merges nothing.
package definition

import (
	"slices"
	"strings"
	"unicode"
)

// personal are the words, and the words in a row, that a name of personal data
// has, with what they stand for. After the identifiers that the GDPR (article 4)
// and NIST SP 800-122 (section 2.2) name.
var personal = []struct{ words, means string }{
	{"email", "an email address"}, {"e mail", "an email address"}, {"mail address", "an email address"},
	{"phone", "a telephone number"}, {"telephone", "a telephone number"}, {"mobile number", "a telephone number"}, {"msisdn", "a telephone number"}, {"fax", "a telephone number"},
	{"ip", "an IP address"}, {"ipv4", "an IP address"}, {"ipv6", "an IP address"},
	{"mac address", "the address of a device"}, {"imei", "the number of a device"}, {"idfa", "the advertising id of a device"}, {"gaid", "the advertising id of a device"},
	{"first name", "a person's name"}, {"firstname", "a person's name"}, {"last name", "a person's name"}, {"lastname", "a person's name"}, {"full name", "a person's name"}, {"fullname", "a person's name"},
	{"middle name", "a person's name"}, {"family name", "a person's name"}, {"given name", "a person's name"}, {"maiden name", "a person's name"}, {"surname", "a person's name"},
	{"address", "an address"}, {"street", "an address"}, {"postcode", "an address"}, {"postal code", "an address"}, {"zip", "an address"}, {"zipcode", "an address"},
	{"latitude", "a place"}, {"longitude", "a place"}, {"geolocation", "a place"},
	{"birthday", "a date of birth"}, {"birthdate", "a date of birth"}, {"birth", "a date of birth"}, {"dob", "a date of birth"},
	{"ssn", "a social security number"}, {"social security", "a social security number"}, {"national id", "a number of an identity document"}, {"tax id", "a tax number"},
	{"passport", "a number of an identity document"}, {"driving licence", "a number of an identity document"}, {"drivers license", "a number of an identity document"}, {"license plate", "a number plate"},
	{"iban", "a bank account"}, {"bic", "a bank account"}, {"account number", "a bank account"}, {"credit card", "a payment card"}, {"card number", "a payment card"}, {"cvv", "a payment card"},
	{"gender", "a person's gender"}, {"religion", "a person's religion"}, {"ethnicity", "a person's origin"}, {"nationality", "a person's origin"},
	{"password", "a password"}, {"passwd", "a password"}, {"secret", "a secret"},
}

// LooksPersonal tells whether a property's name sounds like personal data, and
// why. It looks at whole words, so "ip" is found in "clientIP" and not in
// "shipping". A property that only ever was true or false, such as
// email_verified, says too little of a person. Types are its JSON types.
func LooksPersonal(name string, types []string) (reason string, ok bool) {
	if len(types) == 1 && types[0] == "boolean" {
		return "", false
	}
	words := wordsOf(name)
	for _, p := range personal {
		sought := strings.Fields(p.words)
		for i := 0; i+len(sought) <= len(words); i++ {
			if slices.EqualFunc(words[i:i+len(sought)], sought, sameWord) {
				return `The name has "` + strings.Join(words[i:i+len(sought)], " ") + `", as if it held ` + p.means + ".", true
			}
		}
	}
	return "", false
}

// sameWord tells whether a word is the sought one or its plural.
func sameWord(word, sought string) bool {
	rest, ok := strings.CutPrefix(word, sought)
	return ok && (rest == "" || rest == "s" || rest == "es")
}

// wordsOf takes a name apart, in lower case: at whatever is no letter and no
// digit, and where camelCase begins a word ("userEmail", "IPAddress").
func wordsOf(name string) []string {
	var words []string
	runes := []rune(name)
	start := -1
	end := func(i int) {
		if start >= 0 {
			words = append(words, strings.ToLower(string(runes[start:i])))
		}
		start = -1
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end(i)
			continue
		case start >= 0 && unicode.IsUpper(r):
			lowBefore := !unicode.IsUpper(runes[i-1])
			lowAfter := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if lowBefore || lowAfter && !pluralAt(runes, i+1) {
				end(i)
			}
		}
		if start < 0 {
			start = i
		}
	}
	end(len(runes))
	return words
}

// pluralAt tells whether capitals end here with an s of their own: the "IPs" of
// "clientIPs".
func pluralAt(runes []rune, i int) bool {
	return runes[i] == 's' && (i+1 == len(runes) || !unicode.IsLower(runes[i+1]))
}
