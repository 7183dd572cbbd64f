package insight

import "fmt"

// The codes that an Error carries. They are part of the API: clients may
// branch on them, people read the message.
const (
	// CodeInvalidJSON: the body is not one JSON value.
	CodeInvalidJSON = "invalid_json"
	// CodeInvalidUTF8: the body, or an escape in it, is not valid Unicode.
	CodeInvalidUTF8 = "invalid_utf8"
	// CodeNULCharacter: a string holds U+0000, which no stored string does.
	CodeNULCharacter = "nul_character"
	// CodeWrongType: the field holds another JSON type than it must.
	CodeWrongType = "wrong_type"
	// CodeUnknownField: the object has no field of that name.
	CodeUnknownField = "unknown_field"
	// CodeDuplicateField: the field is given twice in one object.
	CodeDuplicateField = "duplicate_field"
	// CodeRequired: the field is missing, null or empty.
	CodeRequired = "required"
	// CodeUnknownValue: the field holds none of the words that it knows.
	CodeUnknownValue = "unknown_value"
	// CodeUnknownOperator: no operator has that name.
	CodeUnknownOperator = "unknown_operator"
	// CodeInvalidValue: a condition's value does not fit its operator.
	CodeInvalidValue = "invalid_value"
	// CodeNotAllowed: the field makes no sense beside the others.
	CodeNotAllowed = "not_allowed"
	// CodeInvalidRange: the range is not one of the two forms.
	CodeInvalidRange = "invalid_range"
	// CodeRangeReversed: the range ends before it starts.
	CodeRangeReversed = "range_reversed"
	// CodeUnknownTimezone: the time zone database has no such zone.
	CodeUnknownTimezone = "unknown_timezone"
	// CodeTooManyBuckets: the range holds too many intervals.
	CodeTooManyBuckets = "too_many_buckets"
	// CodeTooMany: a list is longer than it may be.
	CodeTooMany = "too_many"
	// CodeTooFew: a list is shorter than it must be.
	CodeTooFew = "too_few"
	// CodeNotSupported: the engine cannot do what is asked for.
	CodeNotSupported = "not_supported"
)

// Error says what is wrong with a query and what to do about it.
type Error struct {
	// Code is one of the Code constants.
	Code string
	// Message is a sentence for people; it names the remedy.
	Message string
	// Field is the path of the offending field, such as
	// "series[0].filters.conditions[2].operator"; empty for the whole body.
	Field string
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

func errorf(code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}
