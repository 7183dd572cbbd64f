package writer

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// ScanUsers reads rows of user_id, created_at, updated_at, attributes and
// attribute_times (both as text), and closes them.
func ScanUsers(rows *sql.Rows) (users []warehouse.User, err error) {
	defer rows.Close()
	for rows.Next() {
		var u warehouse.User
		var created sql.NullTime
		var attributes, times string
		if err := rows.Scan(&u.ID, &created, &u.UpdatedAt, &attributes, &times); err != nil {
			return nil, err
		}
		if created.Valid {
			at := created.Time.UTC()
			u.CreatedAt = &at
		}
		u.UpdatedAt = u.UpdatedAt.UTC()
		if u.Attributes, err = warehouse.DecodeAttributes(attributes, times); err != nil {
			return nil, fmt.Errorf("user %q: %w", u.ID, err)
		}
		users = append(users, u)
	}
	return users, rows.Err()
}

// EncodeUsers is a JSON array of row objects with the same columns, each value
// a string or null, for an engine to unnest.
func EncodeUsers(users []warehouse.User) (string, error) {
	type row struct {
		UserID         string  `json:"user_id"`
		CreatedAt      *string `json:"created_at"`
		UpdatedAt      string  `json:"updated_at"`
		Attributes     string  `json:"attributes"`
		AttributeTimes string  `json:"attribute_times"`
	}
	const microseconds = "2006-01-02T15:04:05.000000Z07:00"
	rows := make([]row, len(users))
	for i, u := range users {
		rows[i] = row{UserID: u.ID, UpdatedAt: u.UpdatedAt.UTC().Format(microseconds)}
		if u.CreatedAt != nil {
			created := u.CreatedAt.In(time.UTC).Format(microseconds)
			rows[i].CreatedAt = &created
		}
		rows[i].Attributes, rows[i].AttributeTimes = u.EncodeAttributes()
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return "", fmt.Errorf("encode %d users: %w", len(users), err)
	}
	return string(text), nil
}
