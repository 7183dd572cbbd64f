package writer

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/dataloaf/dataloaf/functions/warehouse"
)

// Users gives the stored rows of the ids that exist, for those who look and do
// not write.
func (w *Writer) Users(ctx context.Context, ids []string) (users []warehouse.User, err error) {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, w.engine.Classify(fmt.Errorf("begin: %w", err))
	}
	// Nothing was changed: however it ends, nothing is lost.
	defer func(tx *sql.Tx) { _ = tx.Rollback() }(tx)
	for some := range slices.Chunk(ids, batch) {
		read, err := w.engine.ReadUsers(ctx, tx, some)
		if err != nil {
			return nil, fmt.Errorf("read %d users: %w", len(some), w.engine.Classify(err))
		}
		users = append(users, read...)
	}
	return users, nil
}
