package bench_test

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"example.com/tokenpair/password"
)

// BenchmarkLoginMemory: the most heap in use while 200 log in at once, against 2 at once, who fill the pool on two cores:
// the pool bounds memory, and not how many come. Without it 200 would take 200 times 19 MiB.
func BenchmarkLoginMemory(b *testing.B) {
	handler := newHandler(b, password.Argon2id, database)
	peak := func(concurrent int) float64 {
		debug.FreeOSMemory()
		return peakHeap(func() {
			var running sync.WaitGroup
			for range concurrent {
				running.Go(func() { post(b, handler) })
			}
			running.Wait()
		})
	}
	few := func() (most float64) { // as many logins, so that the collector has as much to do
		for range 100 {
			most = max(most, peak(2))
		}
		return most
	}()
	many := peak(200)
	b.ReportMetric(many/(1<<20), "MiB/200")
	b.ReportMetric(few/(1<<20), "MiB/2")
	b.ReportMetric(many/few, "ratio")
	b.ReportMetric(0, "ns/op")
}

// peakHeap samples the heap, live objects and garbage not yet swept, while do runs.
func peakHeap(do func()) (most float64) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for {
		metrics.Read(sample)
		most = max(most, float64(sample[0].Value.Uint64()))
		select {
		case <-done:
			return most
		case <-time.After(200 * time.Microsecond):
		}
	}
}
