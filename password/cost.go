package password

import (
	"math"
	"strings"
	"sync"
	"time"
)

// Costs knows what each format costs on this machine, and brings refused logins up to the same cost, by hashing. Costs are
// counted in rounds of PBKDF2 with SHA-256. One that has to be measured is measured when it is first asked for, on the wall
// clock, since that is what a caller can see, and kept. A Costs is safe for concurrent use.
type Costs struct {
	hasher Hasher

	mu       sync.Mutex
	measured map[scheme]func() float64 // by sample
}

// NewCosts returns Costs for a program that makes its new hashes with h.
func NewCosts(h Hasher) *Costs {
	return &Costs{hasher: h, measured: make(map[scheme]func() float64)}
}

// LevelUp does the work that brings a refused login up to the cost of the dearest format that any stored hash has. It is
// called after Check(plaintext, encoded) with the same two, or instead of it with encoded "" when nobody has that name;
// present holds the formats of all stored hashes. When no format in present is readable, as with no users at all, the
// hasher's own counts as present.
//
// Where Check derived nothing, or less than a hundredth of the dearest, the dearest format itself is derived once. Where
// it derived the dearest, nothing is. Otherwise the difference is filled: between two PBKDF2 of one digest by exactly the
// missing rounds, else by rounds of SHA-256.
//
// How long several lanes of Argon2 take depends on how many cores are free at the moment, so no rounds stand in for them:
// formats of several lanes are levelled up among themselves, and all others among themselves. Where both kinds are
// present, a refused login costs the dearest of either, together.
func (c *Costs) LevelUp(plaintext, encoded string, present []Format) {
	var spent scheme
	if stored, ok := read(encoded); ok && len(plaintext) <= MaxLength {
		spent = stored.scheme
	}
	for _, work := range missing(spent, c.schemes(present), c.cost) {
		labour(work, plaintext[:min(len(plaintext), MaxLength)])
	}
}

// Measure measures everything that LevelUp will ask for when these formats are present, so that no login has to wait for
// it: up to half a second for each of the usual formats. The machine should have little else to do meanwhile.
func (c *Costs) Measure(present []Format) {
	c.cost(c.hasher.scheme())
	for _, s := range c.schemes(present) {
		c.cost(s)
	}
}

// Cost returns what a hash of format f costs on this machine, in rounds of PBKDF2 with SHA-256, measuring it if need be.
// It is 0 for a format that is unreadable or "".
func (c *Costs) Cost(f Format) int {
	s, ok := f.scheme()
	if !ok {
		return 0
	}
	return c.cost(s)
}

func (c *Costs) schemes(present []Format) []scheme {
	var schemes []scheme
	for _, f := range present {
		if s, ok := f.scheme(); ok {
			schemes = append(schemes, s)
		}
	}
	if len(schemes) == 0 {
		return []scheme{c.hasher.scheme()}
	}
	return schemes
}

func (c *Costs) cost(s scheme) int {
	if p, ok := s.(pbkdf2Scheme); ok && p.digest == "sha256" {
		return p.rounds
	}
	sample, factor := sampleOf(s)
	c.mu.Lock()
	measured, ok := c.measured[sample]
	if !ok {
		measured = sync.OnceValue(func() float64 { return measure(sample) })
		c.measured[sample] = measured
	}
	c.mu.Unlock()
	return int(math.Round(measured() * factor))
}

// missing returns the work that brings a login that did the work of spent, nil for none, up to the dearest of present of
// each kind.
func missing(spent scheme, present []scheme, cost func(scheme) int) []scheme {
	var work []scheme
	for _, wide := range []bool{false, true} {
		var dearest scheme
		for _, s := range present {
			// Equals are not asked for: most installations have one format, and never measure anything.
			if isWide(s) == wide && (dearest == nil || s.format() != dearest.format() && cost(s) > cost(dearest)) {
				dearest = s
			}
		}
		var same scheme
		if spent != nil && isWide(spent) == wide {
			same = spent
		}
		if dearest == nil {
			continue
		}
		if rest := difference(same, dearest, cost); rest != nil {
			work = append(work, rest)
		}
	}
	return work
}

// isWide reports whether a scheme runs on several cores at once.
func isWide(s scheme) bool {
	a, ok := s.(argon2Scheme)
	return ok && a.lanes > 1
}

// difference returns the work between two schemes of one kind, or nil for none.
func difference(spent, dearest scheme, cost func(scheme) int) scheme {
	if spent == nil {
		return dearest
	}
	if spent.format() == dearest.format() {
		return nil
	}
	from, fromPBKDF2 := spent.(pbkdf2Scheme)
	to, toPBKDF2 := dearest.(pbkdf2Scheme)
	if fromPBKDF2 && toPBKDF2 && from.digest == to.digest {
		return fill(to.digest, to.rounds-from.rounds)
	}
	have, want := cost(spent), cost(dearest)
	if have < want/100 {
		return dearest
	}
	if have >= want {
		return nil
	}
	if wide, ok := dearest.(argon2Scheme); ok && isWide(wide) {
		// As many lanes on as much less memory: the time of Argon2 is nearly linear in it.
		share := float64(want-have) / float64(want)
		wide.memory = max(8*wide.lanes, int(share*float64(wide.memory)))
		return wide
	}
	return fill("sha256", want-have)
}

// fill returns the work of n rounds of PBKDF2, which may be more than a stored hash may ask for, or nil for none.
func fill(digest string, n int) scheme {
	if n <= 0 {
		return nil
	}
	return pbkdf2Scheme{digest, n}
}

// labour does the work of a scheme for its own sake.
func labour(s scheme, plaintext string) {
	// A dot may stand in any salt, bcrypt's too.
	s.matches(plaintext, strings.Repeat(".", saltLength), make([]byte, s.digestSize()))
}

const (
	sampleRounds = 50_000
	sampleCost   = 8
)

// sampleOf returns the scheme to measure in place of s, and by how much the cost of s is greater. PBKDF2 is linear in its
// rounds and bcrypt in two to the power of its cost, to a fraction of a percent; of Argon2 and scrypt nothing is inferred,
// since what they take depends on how their memory fits the caches.
func sampleOf(s scheme) (sample scheme, factor float64) {
	switch s := s.(type) {
	case pbkdf2Scheme:
		return pbkdf2Scheme{s.digest, sampleRounds}, float64(s.rounds) / sampleRounds
	case bcryptScheme:
		return bcryptScheme{"bcrypt", "2b", sampleCost}, math.Exp2(float64(s.cost - sampleCost))
	default:
		return s, 1
	}
}

// measure returns what a scheme costs, in rounds. Runs of the scheme and of a number of rounds take turns, so that a slow
// moment of the machine slows both, and the least of either counts: whatever else the machine does makes a run longer, and
// never shorter.
func measure(s scheme) float64 {
	const (
		fewest, most = 3, 15
		enough       = 250 * time.Millisecond
	)
	run := func(s scheme) time.Duration {
		start := time.Now()
		labour(s, "")
		return time.Since(start)
	}
	least, leastRounds := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for n, start := 0, time.Now(); n < fewest || n < most && time.Since(start) < enough; n++ {
		leastRounds = min(leastRounds, run(pbkdf2Scheme{"sha256", sampleRounds}))
		least = min(least, run(s))
	}
	return float64(least) / float64(leastRounds) * sampleRounds
}
