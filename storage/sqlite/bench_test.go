package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"example.com/tokenpair/storage"
	"example.com/tokenpair/storage/sqlite"
)

const benchUsers = 100_000

func openMany(b *testing.B, count int) *sqlite.Store {
	store := mustOpen(b, filepath.Join(b.TempDir(), "tokenpair.db"))
	addMany(b, store, count)
	return store
}

func BenchmarkUserByName(b *testing.B) {
	store := openMany(b, benchUsers)
	// A server's contexts can be canceled; Background can not and would look faster.
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.Run("Serial", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := store.UserByName(ctx, fmt.Sprint("user-", i%benchUsers)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if _, err := store.UserByName(ctx, fmt.Sprint("user-", i%benchUsers)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

func BenchmarkUserByID(b *testing.B) {
	store := openMany(b, benchUsers)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := store.UserByID(ctx, int64(i%benchUsers)+1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRevoked(b *testing.B) {
	store := mustOpen(b, filepath.Join(b.TempDir(), "tokenpair.db"))
	if _, err := store.Import(b.Context(), manyUsers(0), manyRevocations(benchUsers)); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	for name, format := range map[string]string{"Yes": "token-%08x", "No": "tocen-%08x"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				id := fmt.Sprintf(format, uint32(i%benchUsers)*2654435761)
				if found, err := store.Standing(ctx, id, ""); err != nil || found.Revoked != (name == "Yes") {
					b.Fatal(found, err)
				}
			}
		})
	}
}

func BenchmarkRevoke(b *testing.B) {
	store := mustOpen(b, filepath.Join(b.TempDir(), "tokenpair.db"))
	for i := 0; b.Loop(); i++ {
		r := storage.Revocation{ID: fmt.Sprintf("token-%08x", uint32(i)*2654435761), Expires: time.Unix(1e10, 0)}
		if fresh, err := store.Revoke(b.Context(), r); !fresh || err != nil {
			b.Fatal(fresh, err)
		}
	}
}

func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		store := mustOpen(b, filepath.Join(b.TempDir(), "tokenpair.db"))
		if _, err := store.Import(b.Context(), manyUsers(benchUsers), manyRevocations(0)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(benchUsers*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkPasswordFormats(b *testing.B) {
	for _, count := range []int{100, benchUsers} {
		b.Run(fmt.Sprint("Users=", count), func(b *testing.B) {
			store := openMany(b, count)
			b.ReportAllocs()
			for b.Loop() {
				if formats, err := store.PasswordFormats(b.Context()); err != nil || len(formats) != 5 {
					b.Fatal(formats, err)
				}
			}
		})
	}
}

func BenchmarkSetPassword(b *testing.B) {
	store := openMany(b, 1000)
	for i := 0; b.Loop(); i++ {
		if err := store.SetPassword(b.Context(), int64(i%1000)+1, storage.PasswordChange{Encoded: "hash", Format: "format"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAddUsers(b *testing.B) {
	for b.Loop() {
		openMany(b, 10_000)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/10_000, "µs/user")
}
