package warehouse

import "context"

// VectorReader runs statements one after another and hands over their rows as the
// engine has them in memory, which costs a hundredth of scanning them one by one.
// One goroutine uses it at a time.
type VectorReader interface {
	// Workers is how many goroutines Read calls take from.
	Workers() int
	// Read runs a query with the values of its placeholders (strings, numbers and
	// booleans) and calls take for all of its rows, some thousand at a time and in
	// any order. Each worker, counted from 0, takes one call after another, at the
	// same time as the others. An error of take ends the query.
	Read(ctx context.Context, query string, args []any, take func(worker int, rows Vectors) error) error
	// Close ends the reading.
	Close() error
}

// Vectors are the columns of some rows. What they give is valid until take returns.
type Vectors interface {
	// Rows is how many there are.
	Rows() int
	// Int32 is a column of the type INTEGER, Int64 one of the type BIGINT, or the
	// microseconds since 1970 of a TIMESTAMP. Where a row has NULL, any number
	// stands. A column of another type is a defect of the caller, and panics.
	Int32(column int) []int32
	Int64(column int) []int64
	// Float64 is a column of the type DOUBLE.
	Float64(column int) []float64
	// Texts is a column of the type VARCHAR, whose rows it gives; where a row has
	// NULL, it must not be asked for.
	Texts(column int) func(row int) string
	// Valid tells which rows of a column are not NULL.
	Valid(column int) Validity
}

// Validity has a bit for each row; nil means that all are valid.
type Validity []uint64

// Is tells whether a row has a value.
func (v Validity) Is(row int) bool { return v == nil || v[row>>6]>>(row&63)&1 == 1 }
