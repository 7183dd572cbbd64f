package dataloaf

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/dataloaf/dataloaf/sdk-go/wire"
)

// objectWriter writes properties or attributes as JSON for package wire to
// check. It does by hand what is common, because encoding/json replaces broken
// UTF-8 without a word, where DataLoaf says that it is broken.
type objectWriter struct {
	// field is "properties" or "attributes".
	field string
}

func (w objectWriter) fail(code wire.Code, format string, args ...any) error {
	return &wire.ItemError{Code: code, Field: w.field, Message: w.field + " " + fmt.Sprintf(format, args...)}
}

// invalid and tooDeep are the field's own codes.
func (w objectWriter) invalid() wire.Code {
	if w.field == "attributes" {
		return wire.CodeAttributesInvalid
	}
	return wire.CodePropertiesInvalid
}

func (w objectWriter) tooDeep() wire.Code {
	if w.field == "attributes" {
		return wire.CodeAttributesTooDeep
	}
	return wire.CodePropertiesTooDeep
}

func (w objectWriter) nested() error {
	return w.fail(w.tooDeep(), "nest deeper than %d levels; flatten them", wire.MaxDepth)
}

// append appends v; depth, of an object or an array, is how many levels there
// are down to it, itself among them.
func (w objectWriter) append(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return wire.AppendString(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case int32:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case uint64:
		return strconv.AppendUint(dst, v, 10), nil
	case uint32:
		return strconv.AppendUint(dst, uint64(v), 10), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, w.fail(wire.CodeNumberOutOfRange, "hold %v, which JSON cannot; leave it out", v)
		}
		return strconv.AppendFloat(dst, v, 'g', -1, 64), nil
	case time.Time:
		// The form that encoding/json writes.
		return append(v.AppendFormat(append(dst, '"'), time.RFC3339Nano), '"'), nil
	case json.RawMessage:
		if v == nil {
			return append(dst, "null"...), nil
		}
		if !json.Valid(v) {
			return nil, w.fail(w.invalid(), "hold a json.RawMessage that is not JSON")
		}
		return append(dst, v...), nil
	case map[string]any:
		if depth > wire.MaxDepth {
			return nil, w.nested() // also the end of a map that holds itself
		}
		return w.appendMap(dst, v, depth)
	case []any:
		if depth > wire.MaxDepth {
			return nil, w.nested()
		}
		return appendList(dst, v, func(dst []byte, e any) ([]byte, error) { return w.append(dst, e, depth+1) })
	case []string:
		return appendList(dst, v, func(dst []byte, s string) ([]byte, error) { return wire.AppendString(dst, s), nil })
	default:
		return w.appendOther(dst, v)
	}
}

func (w objectWriter) appendMap(dst []byte, object map[string]any, depth int) ([]byte, error) {
	if object == nil {
		return append(dst, "null"...), nil
	}
	dst = append(dst, '{')
	first := true
	for name, value := range object {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(wire.AppendString(dst, name), ':')
		var err error
		if dst, err = w.append(dst, value, depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendList[T any](dst []byte, list []T, element func([]byte, T) ([]byte, error)) ([]byte, error) {
	if list == nil {
		return append(dst, "null"...), nil
	}
	dst = append(dst, '[')
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = element(dst, e); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// appendOther is for structs and all other types: encoding/json writes them,
// and their text is looked at before it can be replaced.
func (w objectWriter) appendOther(dst []byte, v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		var unsupported *json.UnsupportedValueError
		if errors.As(err, &unsupported) && isFloat(unsupported.Value) {
			return nil, w.fail(wire.CodeNumberOutOfRange, "hold %s, which JSON cannot; leave it out", unsupported.Str)
		}
		return nil, w.fail(w.invalid(), "cannot be written as JSON: %v", err)
	}
	if !soundText(reflect.ValueOf(v)) {
		return nil, w.fail(wire.CodeInvalidUTF8, "are not valid UTF-8; encode the text as UTF-8")
	}
	return append(dst, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...), nil
}

func isFloat(v reflect.Value) bool {
	return v.Kind() == reflect.Float64 || v.Kind() == reflect.Float32
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// soundText reports whether the strings that encoding/json takes from v are
// valid UTF-8. Types that write themselves answer for their own text. v has
// been encoded before, so it does not hold itself.
func soundText(v reflect.Value) bool {
	if !v.IsValid() || v.Type().Implements(jsonMarshaler) || v.Type().Implements(textMarshaler) {
		return true
	}
	switch v.Kind() {
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return v.IsNil() || soundText(v.Elem())
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			if !soundText(entries.Key()) || !soundText(entries.Value()) {
				return false
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 { // base64 or numbers
			return true
		}
		for i := range v.Len() {
			if !soundText(v.Index(i)) {
				return false
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if (!field.IsExported() && !field.Anonymous) || field.Tag.Get("json") == "-" {
				continue
			}
			if !soundText(v.Field(i)) {
				return false
			}
		}
	}
	return true
}
