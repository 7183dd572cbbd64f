package wire

import "net/http"

// Code names a reason; programs compare it, people read the message beside it.
type Code string

// Why an item is rejected.
const (
	CodeItemInvalid         Code = "item_invalid"
	CodeUnknownField        Code = "unknown_field"
	CodeEventIDInvalid      Code = "event_id_invalid"
	CodeEventRequired       Code = "event_required"
	CodeEventInvalid        Code = "event_invalid"
	CodeEventTooLong        Code = "event_too_long"
	CodeUserIDRequired      Code = "user_id_required"
	CodeUserIDInvalid       Code = "user_id_invalid"
	CodeUserIDTooLong       Code = "user_id_too_long"
	CodeTimestampRequired   Code = "timestamp_required"
	CodeTimestampInvalid    Code = "timestamp_invalid"
	CodeTimestampOutOfRange Code = "timestamp_out_of_range"
	CodePropertiesInvalid   Code = "properties_invalid"
	CodePropertiesTooLarge  Code = "properties_too_large"
	CodePropertiesTooDeep   Code = "properties_too_deep"
	CodeAttributesInvalid   Code = "attributes_invalid"
	CodeAttributesTooLarge  Code = "attributes_too_large"
	CodeAttributesTooDeep   Code = "attributes_too_deep"
	CodeKeyInvalid          Code = "key_invalid"
	CodeNULCharacter        Code = "nul_character"
	CodeInvalidUTF8         Code = "invalid_utf8"
	CodeNumberOutOfRange    Code = "number_out_of_range"
	// CodeUnavailable says that the store behind refused the item for now; the
	// same item may be sent again.
	CodeUnavailable Code = "unavailable"
)

// Why a whole body is refused.
const (
	CodeInvalidJSON  Code = "invalid_json"
	CodeInvalidGzip  Code = "invalid_gzip"
	CodeInvalidShape Code = "invalid_shape"
	CodeTooManyItems Code = "too_many_items"
	CodeBodyTooLarge Code = "body_too_large"
)

// ItemError says what is wrong with one item.
type ItemError struct {
	Code Code
	// Field is the field at fault, for example "properties.cart.total"; empty
	// for the item as a whole.
	Field string
	// Message names the field, what is wrong and what would be right.
	Message string
}

// Error implements error.
func (e *ItemError) Error() string { return e.Message }

// BodyError says why a whole body is refused.
type BodyError struct {
	// Status is the HTTP status to answer: 400 or 413.
	Status  int
	Code    Code
	Message string
}

// Error implements error.
func (e *BodyError) Error() string { return e.Message }

func badBody(code Code, message string) *BodyError {
	return &BodyError{Status: http.StatusBadRequest, Code: code, Message: message}
}

func largeBody(code Code, message string) *BodyError {
	return &BodyError{Status: http.StatusRequestEntityTooLarge, Code: code, Message: message}
}
