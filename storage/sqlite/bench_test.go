package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

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
		if err := store.SetPassword(b.Context(), int64(i%1000)+1, "hash", "format"); err != nil {
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
