package password

import (
	"math"
	"strings"
	"sync"
	"time"
)

// Costs knows what each format costs on this machine, and brings refused logins up to the same cost, by hashing. Costs are
// counted in rounds of PBKDF2 with SHA-256. A format is measured when it is first asked for, on the wall clock, since that
// is what a caller can see, and kept: nothing that callers do changes it. A Costs is safe for concurrent use.
type Costs struct {
	hasher Hasher

	mu       sync.Mutex
	measured map[scheme]func() float64 // by sample
}

// NewCosts returns Costs for a program that makes its new hashes with h.
func NewCosts(h Hasher) *Costs {
	return &Costs{hasher: h, measured: make(map[scheme]func() float64)}
}

// Spent is the work that a check has done.
type Spent struct {
	scheme scheme // nil when nothing was derived
	took   time.Duration
}

// Check is Hasher.Check; it also returns what LevelUp has to know when the login is refused.
func (c *Costs) Check(plaintext, encoded string) (matches bool, spent Spent) {
	start := time.Now()
	matches, done := check(plaintext, encoded)
	return matches, Spent{done, time.Since(start)}
}

// LevelUp does the work that brings a refused login up to the cost of the dearest format that any stored hash has. It is
// called after Check with the same plaintext, also when nobody has the name: then Check was called with "". present holds
// the formats of all stored hashes. When no format in present is readable, as with no users at all, the hasher's own
// counts as present.
//
// Where Check derived nothing, or less than a hundredth of the dearest, the dearest format itself is derived once. Where
// it derived the dearest, nothing is. Otherwise the difference is filled: between two PBKDF2 of one digest by exactly the
// missing rounds, else by as many rounds of SHA-256 as the check has taken too little time, by the speed that rounds have
// in this very login. How Argon2 compares with PBKDF2 changes by the minute with what else uses the machine's memory, and
// a figure that is corrected by earlier logins could be steered by whoever sends them.
//
// How long several lanes of Argon2 take depends on how many cores are free at the moment, so no rounds stand in for them:
// formats of several lanes are levelled up among themselves, and all others among themselves. Where both kinds are
// present, a refused login costs the dearest of either, together.
func (c *Costs) LevelUp(plaintext string, spent Spent, present []Format) {
	plaintext = plaintext[:min(len(plaintext), MaxLength)]
	have := func(sample int) int {
		perRound := float64(labour(fill("sha256", sample), plaintext)) / float64(sample)
		return sample + int(math.Round(float64(spent.took)/perRound))
	}
	for _, work := range missing(spent.scheme, c.schemes(present), c.cost, have) {
		labour(work, plaintext)
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

// cost returns what a scheme costs, in rounds, measuring it if need be.
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
// each kind. cost is what a scheme costs by and large. have is asked at most once, with a number of rounds: it does them,
// and returns what this login has done, them included.
func missing(spent scheme, present []scheme, cost func(scheme) int, have func(sample int) int) []scheme {
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
		if rest := difference(same, dearest, cost, have); rest != nil {
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
func difference(spent, dearest scheme, cost func(scheme) int, have func(sample int) int) scheme {
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
	usual, want := cost(spent), cost(dearest)
	if usual < want/100 {
		return dearest
	}
	if usual >= want {
		return nil
	}
	if wide, ok := dearest.(argon2Scheme); ok && isWide(wide) {
		// As many lanes on as much less memory: the time of Argon2 is nearly linear in it.
		share := float64(want-usual) / float64(want)
		wide.memory = max(8*wide.lanes, int(share*float64(wide.memory)))
		return wide
	}
	return fill("sha256", want-have(min(sampleRounds, (want-usual+1)/2)))
}

// fill returns the work of n rounds of PBKDF2, which may be more than a stored hash may ask for, or nil for none.
func fill(digest string, n int) scheme {
	if n <= 0 {
		return nil
	}
	return pbkdf2Scheme{digest, n}
}

// labour does the work of a scheme for its own sake, and says how long it took.
func labour(s scheme, plaintext string) time.Duration {
	start := time.Now()
	// A dot may stand in any salt, bcrypt's too.
	s.matches(plaintext, strings.Repeat(".", saltLength), make([]byte, s.digestSize()))
	return time.Since(start)
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
	least, leastRounds := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for n, start := 0, time.Now(); n < fewest || n < most && time.Since(start) < enough; n++ {
		leastRounds = min(leastRounds, labour(pbkdf2Scheme{"sha256", sampleRounds}, ""))
		least = min(least, labour(s, ""))
	}
	return float64(least) / float64(leastRounds) * sampleRounds
}
