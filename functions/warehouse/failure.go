package warehouse

import (
	"database/sql/driver"
	"errors"
	"net"
	"strings"
)

// ConnectionFailed tells errors of the connection and the server's state, which may
// pass, from errors of the statement. Readers need no more than this; what writers
// tell apart is the engines' own.
// Source: https://www.postgresql.org/docs/15/errcodes-appendix.html
func ConnectionFailed(err error) bool {
	var network net.Error
	if errors.Is(err, driver.ErrBadConn) || errors.As(err, &network) {
		return true
	}
	switch class, _ := sqlState(err); class {
	case "08", // connection
		"53", // resources: too many connections, disk full
		"57", // the server is shutting down or starting
		"58": // the server's system
		return true
	}
	return false
}

// LostRace tells that a statement failed because another transaction changed the
// same rows, on any engine: done again, it sees what the other left. Redshift says
// 1023 (https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html),
// DuckDB "Conflict on tuple" and the like
// (https://duckdb.org/docs/stable/sql/statements/transactions).
func LostRace(err error) bool {
	if err == nil {
		return false
	}
	if _, code := sqlState(err); code == "40001" || code == "40P01" {
		return true
	}
	text := err.Error()
	return strings.Contains(text, "Serializable isolation violation") || strings.Contains(text, "TransactionContext Error") && strings.Contains(strings.ToLower(text), "conflict")
}

// sqlState is the error's SQLSTATE, and its class, where a server gave one.
func sqlState(err error) (class, code string) {
	var server interface{ SQLState() string }
	if !errors.As(err, &server) || len(server.SQLState()) < 2 {
		return "", ""
	}
	return server.SQLState()[:2], server.SQLState()
}
