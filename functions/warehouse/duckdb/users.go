package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/dataloaf/dataloaf/functions/warehouse"
	"github.com/dataloaf/dataloaf/functions/warehouse/internal/writer"
)

// ReadUsers implements writer.Engine.
func (e *engine) ReadUsers(ctx context.Context, tx *sql.Tx, ids []string) ([]warehouse.User, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT "user_id", "created_at", "updated_at", CAST("attributes" AS VARCHAR), CAST("attribute_times" AS VARCHAR)
FROM "users" WHERE "user_id" IN (SELECT unnest(from_json($1, '["VARCHAR"]')))`, string(list))
	if err != nil {
		return nil, err
	}
	return writer.ScanUsers(rows)
}

// PrepareUsers implements writer.Engine. DuckDB commits no transaction that has
// altered a table after it wrote to it.
func (e *engine) PrepareUsers(ctx context.Context, tx *sql.Tx, users iter.Seq[warehouse.User]) error {
	_, err := promote(ctx, tx, warehouse.UserAttributes, attributesOf(users))
	if err != nil {
		return fmt.Errorf("add columns for attributes: %w", err)
	}
	return nil
}

// WriteUsers implements writer.Engine. The rows travel as one JSON value: a
// statement of thousands of placeholders takes longer to parse than to run.
func (e *engine) WriteUsers(ctx context.Context, tx *sql.Tx, users []warehouse.User) error {
	rows, err := writer.EncodeUsers(users)
	if err != nil {
		return err
	}
	attributes := attributesOf(slices.Values(users))
	known, err := promote(ctx, tx, warehouse.UserAttributes, attributes)
	if err != nil {
		return err
	}
	if err := giveKeys(ctx, tx, users); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, upsert(attributes, known), rows)
	return err
}

// attributesOf finds the users' attributes and their types.
func attributesOf(users iter.Seq[warehouse.User]) []*property {
	found := map[string]*property{}
	for u := range users {
		for name, a := range u.Attributes {
			if a.Removed() {
				continue
			}
			if found[name] == nil {
				found[name] = &property{name: name}
			}
			found[name].staged.addValue(a.Value)
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *property) int { return strings.Compare(a.name, b.name) })
}

// upsert writes users with their attributes in typed columns. A row that is
// replaced is so in all columns that are known: what the new one has not, is null.
func upsert(attributes []*property, known map[string]warehouse.PropertyColumn) string {
	const rows = `(SELECT u.*, k."user_key"
FROM (SELECT unnest(from_json($1, '[{"user_id":"VARCHAR","created_at":"TIMESTAMP","updated_at":"TIMESTAMP","attributes":"VARCHAR","attribute_times":"VARCHAR"}]'), max_depth := 2)) AS u
JOIN "loaf_user_keys" AS k ON k."user_id" = u."user_id") AS u`
	columns := []string{`"user_id"`, `"user_key"`, `"created_at"`, `"updated_at"`, `"attributes"`, `"attribute_times"`}
	typed, values, from := typedValues(attributes, warehouse.UserAttributes.JSON, rows)
	replaced := slices.Clone(columns[2:])
	for _, c := range known {
		of := warehouse.UserAttributes.Columns(c)
		for _, column := range []string{of.Text, of.Number, of.Boolean, of.Complex} {
			if column != "" {
				replaced = append(replaced, `"`+column+`"`)
			}
		}
	}
	slices.Sort(replaced) // the same text for the same rows
	for i, column := range replaced {
		replaced[i] = column + " = excluded." + column
	}
	return fmt.Sprintf("INSERT INTO \"users\" (%s)\nSELECT %s\nFROM %s\nON CONFLICT (\"user_id\") DO UPDATE SET %s",
		strings.Join(append(columns, typed...), ", "), strings.Join(append(columns, values...), ", "), from, strings.Join(replaced, ", "))
}

// fillAttributes fills the typed columns of users that were written before there
// were any, in one transaction: it is done once the catalogue has rows.
func fillAttributes(ctx context.Context, db *sql.DB) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // what went wrong before is the error to report
		}
	}()
	known, err := warehouse.ReadPropertyColumns(ctx, tx, warehouse.UserAttributes)
	if err != nil {
		return err
	}
	if len(known) > 0 {
		return tx.Rollback()
	}
	attributes, err := membersOf(ctx, tx, `"`+warehouse.UserAttributes.Table+`"`, warehouse.UserAttributes.JSON)
	if err != nil {
		return fmt.Errorf("read the attributes: %w", err)
	}
	if len(attributes) == 0 {
		return tx.Rollback()
	}
	if _, err := promote(ctx, tx, warehouse.UserAttributes, attributes); err != nil {
		return fmt.Errorf("add columns: %w", err)
	}
	columns, values, from := typedValues(attributes, warehouse.UserAttributes.JSON, `"users"`)
	set, of := make([]string, len(columns)), make([]string, len(columns))
	for i, column := range columns {
		set[i], of[i] = column+` = v."v`+fmt.Sprint(i)+`"`, values[i]+` AS "v`+fmt.Sprint(i)+`"`
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("UPDATE \"users\" SET %s\nFROM (SELECT \"user_id\", %s FROM %s) AS v\nWHERE v.\"user_id\" = \"users\".\"user_id\"",
		strings.Join(set, ", "), strings.Join(of, ", "), from))
	if err != nil {
		return err
	}
	return tx.Commit()
}
