// Package store keeps events in Postgres.
package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"example.com/shop/events"
)

const schema = `CREATE TABLE IF NOT EXISTS events (id bigserial PRIMARY KEY, kind text NOT NULL, "order" text NOT NULL, host text NOT NULL)`

// Save appends events in one transaction.
func Save(ctx context.Context, url string, all []events.Event) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, schema); err != nil {
		return err
	}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"events"}, []string{"kind", "order", "host"}, rows(all))
	return err
}

func rows(all []events.Event) pgx.CopyFromSource {
	return pgx.CopyFromSlice(len(all), func(i int) ([]any, error) {
		return []any{all[i].Kind, all[i].Order, all[i].Host}, nil
	})
}
