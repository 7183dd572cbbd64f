package dialect

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Runnable writes bound values into the text of a statement, so that a person
// can run it by hand. What we run ourselves has its values bound.
func Runnable(name warehouse.Dialect, sql string, args []any) (string, error) {
	var out strings.Builder
	for i := 0; i < len(sql); {
		switch c := sql[i]; c {
		case '\'', '"':
			// Names and texts may hold a $ of their own. A doubled quote ends one
			// quoted part and begins the next.
			end := i + 1 + strings.IndexByte(sql[i+1:], c) + 1
			if end == i+1 {
				return "", fmt.Errorf("write values into a statement: the quote at byte %d is not closed", i)
			}
			out.WriteString(sql[i:end])
			i = end
		case '$':
			end := i + 1
			for end < len(sql) && sql[end] >= '0' && sql[end] <= '9' {
				end++
			}
			n, err := strconv.Atoi(sql[i+1 : end])
			if err != nil || n < 1 || n > len(args) {
				return "", fmt.Errorf("write values into a statement: no value is bound to %q", sql[i:end])
			}
			literal, err := literal(name, args[n-1])
			if err != nil {
				return "", fmt.Errorf("write value %d into a statement: %w", n, err)
			}
			out.WriteString(literal)
			i = end
		default:
			out.WriteByte(c)
			i++
		}
	}
	return out.String(), nil
}

// literal writes one value. A number is the text of a double, as no engine reads
// all of its own number literals as one; where the driver binds a double, as
// DuckDB's does, it is made one.
func literal(name warehouse.Dialect, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return text(name, v), nil
	case bool:
		return strings.ToUpper(strconv.FormatBool(v)), nil
	case float64:
		number := "'" + strconv.FormatFloat(v, 'g', -1, 64) + "'"
		if name == warehouse.DuckDB {
			return "CAST(" + number + " AS DOUBLE)", nil
		}
		return number, nil
	default:
		return "", fmt.Errorf("no literal for a %T", v)
	}
}

// text quotes a string. Whether a backslash stands for itself depends on
// PostgreSQL's settings, and on Redshift's version; E and CHR do not.
func text(name warehouse.Dialect, s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if name == warehouse.DuckDB || !strings.Contains(s, `\`) {
		return quoted
	}
	if name == warehouse.PostgreSQL {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	before, after, _ := strings.Cut(s, `\`)
	return "CONCAT(" + text(name, before) + ", CONCAT(CHR(92), " + text(name, after) + "))"
}
