package conformance

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
)

// ES256K is on the one curve of the cases that the standard library lacks. This is the textbook arithmetic: slow, not in
// constant time, and made for nothing but checking a few test tokens.

var (
	secp256k1OID = asn1.ObjectIdentifier{1, 3, 132, 0, 10}
	secp256k1P   = hexInt("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F")
	secp256k1N   = hexInt("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141")
	secp256k1G   = &point{
		hexInt("79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798"),
		hexInt("483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8"),
	}
)

func hexInt(s string) *big.Int {
	n, _ := new(big.Int).SetString(s, 16)
	return n
}

// point is a point of the curve y² = x³ + 7; nil is the one at infinity.
type point struct{ x, y *big.Int }

func (a *point) add(b *point) *point {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	p := secp256k1P
	slope, under := new(big.Int), new(big.Int)
	if a.x.Cmp(b.x) == 0 {
		if under.Add(a.y, b.y).Mod(under, p).Sign() == 0 {
			return nil
		}
		slope.Mul(a.x, a.x).Mul(slope, big.NewInt(3))
		under.Lsh(a.y, 1)
	} else {
		slope.Sub(b.y, a.y)
		under.Sub(b.x, a.x)
	}
	slope.Mul(slope, under.ModInverse(under.Mod(under, p), p))
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, a.x).Sub(x, b.x).Mod(x, p)
	y := new(big.Int).Sub(a.x, x)
	y.Mul(y, slope).Sub(y, a.y).Mod(y, p)
	return &point{x, y}
}

func (a *point) times(k *big.Int) *point {
	var sum *point
	for i := k.BitLen() - 1; i >= 0; i-- {
		sum = sum.add(sum)
		if k.Bit(i) == 1 {
			sum = sum.add(a)
		}
	}
	return sum
}

func (a *point) onCurve() bool {
	left := new(big.Int).Mul(a.y, a.y)
	right := new(big.Int).Exp(a.x, big.NewInt(3), secp256k1P)
	left.Sub(left, right).Sub(left, big.NewInt(7))
	return left.Mod(left, secp256k1P).Sign() == 0
}

// verifySecp256k1 checks an ECDSA signature r||s (RFC 7515 §3.4, RFC 8812 §3.2) by a public key in SPKI form.
func verifySecp256k1(spki, hash, sig []byte) bool {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if rest, err := asn1.Unmarshal(spki, &info); err != nil || len(rest) > 0 {
		return false
	}
	curve, _ := asn1.Marshal(secp256k1OID)
	key := info.Key.Bytes
	if !bytes.Equal(info.Algorithm.Parameters.FullBytes, curve) || len(key) != 65 || key[0] != 4 || len(sig) != 64 {
		return false
	}
	public := &point{new(big.Int).SetBytes(key[1:33]), new(big.Int).SetBytes(key[33:])}
	if !public.onCurve() {
		return false
	}
	n := secp256k1N
	r, s := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])
	if r.Sign() == 0 || s.Sign() == 0 || r.Cmp(n) >= 0 || s.Cmp(n) >= 0 {
		return false
	}
	inverse := new(big.Int).ModInverse(s, n)
	u := new(big.Int).Mul(new(big.Int).SetBytes(hash), inverse)
	v := new(big.Int).Mul(r, inverse)
	sum := secp256k1G.times(u.Mod(u, n)).add(public.times(v.Mod(v, n)))
	return sum != nil && new(big.Int).Mod(sum.x, n).Cmp(r) == 0
}
