package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

// joe is the payload of RFC 7515, appendix A.1 to A.3.
const joe = ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := base64url.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func rsaKey(t *testing.T, n string) crypto.PublicKey {
	return &rsa.PublicKey{N: new(big.Int).SetBytes(decoded(t, n)), E: 65537}
}

func ecKey(t *testing.T, curve elliptic.Curve, x, y string) crypto.PublicKey {
	point := slices.Concat([]byte{4}, decoded(t, x), decoded(t, y))
	key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// The signatures of the standards, and none of them with a bit changed.
func TestVectors(t *testing.T) {
	for name, test := range map[string]struct {
		algorithm string
		key       any
		encoded   string
	}{
		"RFC 7515 A.1": {"HS256",
			decoded(t, "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"),
			"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" + joe + "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
		"RFC 7515 A.2": {"RS256",
			rsaKey(t, "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SF"+
				"d2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTB"+
				"EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2"+
				"PAcDTW9gb54h4FRWyuXpoQ"),
			"eyJhbGciOiJSUzI1NiJ9" + joe + "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5Y" +
				"Kt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe" +
				"7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98" +
				"rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
		"RFC 7515 A.3": {"ES256",
			ecKey(t, elliptic.P256(), "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
			"eyJhbGciOiJFUzI1NiJ9" + joe + "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
		"RFC 7515 A.4": {"ES512",
			ecKey(t, elliptic.P521(), "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
				"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"),
			"eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO" +
				"0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"},
		"RFC 7520 4.2": {"PS384",
			rsaKey(t, "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKr"+
				"Kb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpP"+
				"I9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwU"+
				"kRz5iaiQkqgc5gHdrNP5zw"),
			"eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9." +
				"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwg" +
				"YW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9m" +
				"ZiB0by4.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItl" +
				"lVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3" +
				"lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJU" +
				"AfmWjwZ6oD4ifKo8DYM-X72Eaw"},
		"RFC 8037 A.4": {"EdDSA",
			ed25519.PublicKey(decoded(t, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
			"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4" +
				"iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
	} {
		t.Run(name, func(t *testing.T) {
			key := Key{method: signingMethod(test.algorithm), verifying: test.key}
			dot := strings.LastIndexByte(test.encoded, '.')
			message, signature := test.encoded[:dot], decoded(t, test.encoded[dot+1:])
			if !key.verify(message, signature) {
				t.Fatal("the signature is refused")
			}
			for bit := range 8 * len(signature) {
				signature[bit/8] ^= 1 << (bit % 8)
				if key.verify(message, signature) {
					t.Errorf("bit %d of the signature does not count", bit)
				}
				signature[bit/8] ^= 1 << (bit % 8)
			}
			if key.verify(message+"A", signature) {
				t.Error("the message does not count")
			}
			if !strings.Contains(test.encoded, joe) {
				return
			}
			issuer := Issuer{Now: func() time.Time { return time.Unix(1300819379, 0) }, key: key, config: DefaultConfig()}
			claims, err := issuer.Open(test.encoded)
			if text, _ := claims.Text("iss"); err != nil || text != "joe" {
				t.Errorf("iss %q, %v", text, err)
			}
			issuer.Now = func() time.Time { return time.Unix(1300819380, 0) }
			if _, err := issuer.Open(test.encoded); !errors.Is(err, ErrExpired) {
				t.Errorf("a second later: %v", err)
			}
		})
	}
}
