package sqlite

import (
	"database/sql"
	"fmt"
	"math"
	"time"
)

// column reads a column that may be NULL, which leaves what it points to as it is.
type column[T int64 | string] struct{ to *T }

// Scan takes what the driver has read.
func (c column[T]) Scan(value any) error {
	if value == nil {
		return nil
	}
	read, ok := value.(T)
	if !ok {
		return fmt.Errorf("the column holds %T instead of %T", value, read)
	}
	*c.to = read
	return nil
}

// flag reads 0 and 1, and is as column otherwise.
type flag struct{ to *bool }

// Scan takes what the driver has read.
func (f flag) Scan(value any) error {
	var number int64
	err := column[int64]{&number}.Scan(value)
	*f.to = number != 0
	return err
}

// moment reads microseconds, and is as column otherwise.
type moment struct{ to *time.Time }

// Scan takes what the driver has read.
func (m moment) Scan(value any) error {
	if value == nil {
		return nil
	}
	var microseconds int64
	err := column[int64]{&microseconds}.Scan(value)
	*m.to = time.UnixMicro(microseconds).UTC()
	return err
}

// microseconds binds a time as an integer, and the zero time as NULL: the driver would write text.
func microseconds(t time.Time) sql.Null[int64] {
	return sql.Null[int64]{V: t.UnixMicro(), Valid: !t.IsZero()}
}

// expiry is t in microseconds. Far times become the last that there is: were they to wrap around into the past, the
// revocation would be forgotten while its token lives.
func expiry(t time.Time) int64 {
	if last := time.UnixMicro(math.MaxInt64); t.After(last) {
		return math.MaxInt64
	}
	if first := time.UnixMicro(math.MinInt64); t.Before(first) {
		return math.MinInt64
	}
	return t.UnixMicro()
}

// unchanged reports whether a statement found nothing to change. This driver always knows the count.
func unchanged(result sql.Result) bool {
	count, err := result.RowsAffected()
	return err == nil && count == 0
}
