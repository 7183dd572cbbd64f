package duckdb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// database/sql boxes every value and locks for every row: some 100 ns each, where
// DuckDB itself takes 5. What follows reads its chunks through the C API that the
// driver stands on. The driver does not give away its own handle, but the cache of
// databases that it opens them through gives another handle to the same one.

// share gets that handle. The options are those that the database was opened with:
// others are refused.
func share(path string, options url.Values) (bindings.Database, error) {
	var config bindings.Config
	if bindings.CreateConfig(&config) == bindings.StateError {
		return bindings.Database{}, errors.New("make the settings of DuckDB")
	}
	defer bindings.DestroyConfig(&config)
	if bindings.SetConfig(config, "duckdb_api", "go") == bindings.StateError { // as the driver says
		return bindings.Database{}, errors.New("set duckdb_api")
	}
	for name := range options {
		if bindings.SetConfig(config, name, options.Get(name)) == bindings.StateError {
			return bindings.Database{}, fmt.Errorf("set %s", name)
		}
	}
	var db bindings.Database
	var message string
	if bindings.GetOrCreateFromCache(duckdb.GetInstanceCache(), path, &db, config, &message) == bindings.StateError {
		return bindings.Database{}, errors.New(message)
	}
	return db, nil
}

// vectorReader is a connection in a transaction, which sees one state of the tables.
type vectorReader struct{ conn bindings.Connection }

// beginReading begins a transaction, and says how much of a result may wait to be
// fetched: with less (the default is 1 MB) DuckDB's threads wait for each other.
const beginReading = `SET SESSION streaming_buffer_size = '16MB'; BEGIN TRANSACTION READ ONLY`

// vectors begins a reading.
func (w *Warehouse) vectors(ctx context.Context) (warehouse.VectorReader, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	r := &vectorReader{}
	if bindings.Connect(w.shared, &r.conn) == bindings.StateError {
		return nil, errors.New("connect to DuckDB")
	}
	var result bindings.Result
	defer bindings.DestroyResult(&result)
	if bindings.Query(r.conn, beginReading, &result) == bindings.StateError {
		err := fmt.Errorf("begin a reading: %s", bindings.ResultError(&result))
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Workers implements warehouse.VectorReader.
func (r *vectorReader) Workers() int { return runtime.GOMAXPROCS(0) }

// Close implements warehouse.VectorReader. DuckDB rolls back what is open; nothing
// was written.
func (r *vectorReader) Close() error {
	bindings.Disconnect(&r.conn)
	return nil
}

// interruptEvery is how often a statement is interrupted until it ends: DuckDB
// forgets an interruption that comes just before it begins.
const interruptEvery = 10 * time.Millisecond

// Read implements warehouse.VectorReader.
func (r *vectorReader) Read(ctx context.Context, query string, args []any, take func(int, warehouse.Vectors) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ended:
			return
		case <-ctx.Done():
		}
		for {
			bindings.Interrupt(r.conn)
			select {
			case <-ended:
				return
			case <-time.After(interruptEvery):
			}
		}
	}()
	err := r.read(ctx, query, args, take)
	close(ended)
	<-watched
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return errors.Join(cause, err)
	}
	return err
}

func (r *vectorReader) read(ctx context.Context, query string, args []any, take func(int, warehouse.Vectors) error) error {
	var statement bindings.PreparedStatement
	defer bindings.DestroyPrepare(&statement)
	if bindings.Prepare(r.conn, query, &statement) == bindings.StateError {
		return fmt.Errorf("prepare the statement: %s", bindings.PrepareError(statement))
	}
	for i, arg := range args {
		if err := bind(statement, bindings.IdxT(i+1), arg); err != nil {
			return err
		}
	}
	var result bindings.Result
	defer bindings.DestroyResult(&result)
	if bindings.ExecutePreparedStreaming(statement, &result) == bindings.StateError {
		return fmt.Errorf("run the statement: %s", bindings.ResultError(&result))
	}
	types := make([]bindings.Type, bindings.ColumnCount(&result))
	for i := range types {
		types[i] = bindings.ColumnType(&result, bindings.IdxT(i))
	}
	if err := hand(ctx, result, types, take); err != nil {
		return err
	}
	if message := bindings.ResultError(&result); message != "" {
		return fmt.Errorf("run the statement: %s", message)
	}
	return nil
}

// batchChunks is how many chunks a worker gets at a time: to wake it takes as long as
// to look through one.
const batchChunks = 16

// hand gives the chunks of a result to workers.
func hand(ctx context.Context, result bindings.Result, types []bindings.Type, take func(int, warehouse.Vectors) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	work := func(worker int, chunk bindings.DataChunk) {
		defer bindings.DestroyDataChunk(&chunk)
		defer func() {
			if p := recover(); p != nil { // who asks can tell it; nobody is above this goroutine
				stop(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		if ctx.Err() != nil {
			return
		}
		if err := take(worker, vectors{chunk: chunk, rows: int(bindings.DataChunkGetSize(chunk)), types: types}); err != nil {
			stop(err)
		}
	}
	batches := make(chan []bindings.DataChunk, 2*runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for batch := range batches {
				for _, chunk := range batch {
					work(worker, chunk)
				}
			}
		})
	}
	for more := true; more && ctx.Err() == nil; {
		batch := make([]bindings.DataChunk, 0, batchChunks)
		for more && len(batch) < batchChunks {
			chunk := bindings.FetchChunk(result)
			if more = chunk.Ptr != nil; more {
				batch = append(batch, chunk)
			}
		}
		batches <- batch
	}
	close(batches)
	workers.Wait()
	return context.Cause(ctx)
}

func bind(statement bindings.PreparedStatement, place bindings.IdxT, arg any) error {
	var state bindings.State
	switch arg := arg.(type) {
	case string:
		state = bindings.BindVarchar(statement, place, arg)
	case float64:
		state = bindings.BindDouble(statement, place, arg)
	case int64:
		state = bindings.BindInt64(statement, place, arg)
	case bool:
		state = bindings.BindBoolean(statement, place, arg)
	default:
		return fmt.Errorf("bind a value of the type %T", arg)
	}
	if state == bindings.StateError {
		return fmt.Errorf("bind the value %d: %s", place, bindings.PrepareError(statement))
	}
	return nil
}

// vectors are a chunk.
type vectors struct {
	chunk bindings.DataChunk
	rows  int
	types []bindings.Type
}

// Rows implements warehouse.Vectors.
func (v vectors) Rows() int { return v.rows }

// Int32 implements warehouse.Vectors.
func (v vectors) Int32(column int) []int32 {
	return unsafe.Slice((*int32)(v.data(column, bindings.TypeInteger)), v.rows)
}

// Int64 implements warehouse.Vectors.
func (v vectors) Int64(column int) []int64 {
	return unsafe.Slice((*int64)(v.data(column, bindings.TypeBigInt, bindings.TypeTimestamp)), v.rows)
}

// Float64 implements warehouse.Vectors.
func (v vectors) Float64(column int) []float64 {
	return unsafe.Slice((*float64)(v.data(column, bindings.TypeDouble)), v.rows)
}

// text is duckdb_string_t: the length, and the text itself or, behind its first four
// bytes, where it lies. See duckdb.h.
type text struct {
	length uint32
	inline [4]byte
	at     *byte
}

const longestInline = 12

// Texts implements warehouse.Vectors.
func (v vectors) Texts(column int) func(row int) string {
	texts := unsafe.Slice((*text)(v.data(column, bindings.TypeVarchar)), v.rows)
	return func(row int) string {
		t := &texts[row]
		if t.length <= longestInline {
			return unsafe.String(&t.inline[0], t.length)
		}
		return unsafe.String(t.at, t.length)
	}
}

// Valid implements warehouse.Vectors.
func (v vectors) Valid(column int) warehouse.Validity {
	mask := bindings.VectorGetValidity(bindings.DataChunkGetVector(v.chunk, bindings.IdxT(column)))
	if mask == nil {
		return nil
	}
	return unsafe.Slice((*uint64)(mask), (v.rows+63)/64)
}

// data is where a column lies, which has one of the types.
func (v vectors) data(column int, types ...bindings.Type) unsafe.Pointer {
	for _, t := range types {
		if v.types[column] == t {
			return bindings.VectorGetData(bindings.DataChunkGetVector(v.chunk, bindings.IdxT(column)))
		}
	}
	panic(fmt.Sprintf("duckdb: column %d has the type %d, which is none of %v", column, v.types[column], types))
}
