package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// nextKey is the largest key that a user has; new ones follow it. So the keys of a
// warehouse lie close together, and a set of users is a short string of bits.
const nextKey = `(SELECT COALESCE(MAX("user_key"), 0) FROM "loaf_user_keys")`

// stageKeys lists the stage's users with their keys, those that they have and those
// that they get.
const stageKeys = `CREATE OR REPLACE TEMP TABLE "loaf_stage_keys" AS
SELECT s."user_id", COALESCE(k."user_key", ` + nextKey + ` + row_number() OVER (ORDER BY k."user_key" IS NOT NULL)) AS "user_key", k."user_key" IS NULL AS "new"
FROM (SELECT DISTINCT "user_id" FROM "loaf_stage" WHERE "user_id" IS NOT NULL) AS s LEFT JOIN "loaf_user_keys" AS k ON k."user_id" = s."user_id"`

// keyedStage is the stage with the keys of its users.
const keyedStage = `(SELECT s.*, k."user_key" FROM "loaf_stage" AS s LEFT JOIN "loaf_stage_keys" AS k ON k."user_id" = s."user_id") AS s`

// keys gives the stage's users their keys.
func (s *storing) keys(ctx context.Context) error {
	if _, err := s.tx.ExecContext(ctx, stageKeys); err != nil {
		return fmt.Errorf("look up the users' keys: %w", err)
	}
	_, err := s.tx.ExecContext(ctx, `INSERT INTO "loaf_user_keys" ("user_id", "user_key") SELECT "user_id", "user_key" FROM "loaf_stage_keys" WHERE "new"`)
	if err != nil {
		return fmt.Errorf("give new users their keys: %w", err)
	}
	return nil
}

// giveKeys gives keys to those of the users that have none.
func giveKeys(ctx context.Context, tx *sql.Tx, users []warehouse.User) error {
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO "loaf_user_keys" ("user_id", "user_key")
SELECT n."user_id", `+nextKey+` + row_number() OVER ()
FROM (SELECT DISTINCT unnest(from_json($1, '["VARCHAR"]')) AS "user_id") AS n
WHERE NOT EXISTS (SELECT 1 FROM "loaf_user_keys" AS k WHERE k."user_id" = n."user_id")`, string(list))
	if err != nil {
		return fmt.Errorf("give new users their keys: %w", err)
	}
	return nil
}

// Forget implements writer.Engine.
func (e *engine) Forget() string {
	return `DELETE FROM "loaf_user_keys" AS k
WHERE NOT EXISTS (SELECT 1 FROM "events" AS e WHERE e."user_key" = k."user_key") AND NOT EXISTS (SELECT 1 FROM "users" AS u WHERE u."user_key" = k."user_key")`
}
