package login

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

var cheap = Cost{Memory: 64, Time: 1, Threads: 1}

func TestHashAndVerify(t *testing.T) {
	h := NewHasher(cheap, nil)
	a, err := h.Hash("geheim")
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.Hash("geheim")
	if err != nil || a == b {
		t.Errorf("two hashes of one password are the same: %v", err)
	}
	if !strings.HasPrefix(a, "$argon2id$v=19$m=64,t=1,p=1$") || strings.Contains(a, "geheim") {
		t.Errorf("the form is %s", a)
	}
	for password, want := range map[string]bool{"geheim": true, "Geheim": false, "": false, "geheim ": false, strings.Repeat("x", 1<<20): false} {
		if h.Verify(a, password) != want {
			t.Errorf("%.20q fits: %v", password, !want)
		}
	}
	if h.NeedsRehash(a) || !NewHasher(StandardCost, nil).NeedsRehash(a) {
		t.Error("the need to hash again")
	}
	if !NewHasher(StandardCost, nil).Verify(a, "geheim") {
		t.Error("a hash of another cost is not understood")
	}
}

func TestRefusedPasswords(t *testing.T) {
	h := NewHasher(cheap, nil)
	if _, err := h.Hash(""); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
	if _, err := h.Hash(strings.Repeat("x", MaximumPassword+1)); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
	if _, err := NewHasher(cheap, bytes.NewReader(nil)).Hash("x"); !errors.Is(err, io.EOF) {
		t.Errorf("without chance: %v", err)
	}
}

// What RFC 9106 computes (section 5.3 with a secret cannot be said in PHC form; this is the reference program's own vector).
func TestKnownHash(t *testing.T) {
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if h := NewHasher(cheap, nil); !h.Verify(hash, "password") || h.Verify(hash, "Password") {
		t.Error("the known hash is not that of its password")
	}
}

func TestDamagedHashesFitNothing(t *testing.T) {
	h := NewHasher(cheap, nil)
	for _, hash := range []string{
		"", "x", "$argon2id$", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=18$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=1,p=1$$", "$argon2id$v=19$m=64,t=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		strings.Repeat("$", 1000),
	} {
		if h.Verify(hash, "password") || h.Verify(hash, "") || !h.NeedsRehash(hash) {
			t.Errorf("%q was taken", hash)
		}
	}
}

func TestGeneratedTexts(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		for _, c := range []struct {
			make   func(io.Reader) (string, error)
			length int
		}{{NewPassword, 19}, {NewPassphrase, 39}, {NewDigestPassword, 24}} {
			text, err := c.make(nil)
			if err != nil || len(text) != c.length || strings.Trim(text, alphabet+"-") != "" || seen[text] {
				t.Fatalf("%q, %v", text, err)
			}
			seen[text] = true
		}
	}
	if _, err := NewPassword(bytes.NewReader([]byte("short"))); err == nil {
		t.Error("without chance a password was made")
	}
}

func TestTokens(t *testing.T) {
	token, hash, err := NewToken(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, otherHash, _ := NewToken(nil)
	if token == other || hash == otherHash || strings.Contains(hash, token[len(TokenPrefix):]) || !strings.HasPrefix(token, TokenPrefix) {
		t.Errorf("%s, %s", token, hash)
	}
	if !VerifyToken(hash, token) || VerifyToken(hash, other) || VerifyToken("", "") || VerifyToken("", "x") || VerifyToken(hash, hash) || VerifyToken(hash, token+"0") {
		t.Error("a token is checked wrongly")
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("")
	f.Add("$argon2id$v=19$m=a,t=b,p=c$d$e")
	f.Fuzz(func(t *testing.T, hash string) {
		cost, salt, key, err := decode(hash)
		if err != nil {
			return
		}
		again, _, _, err := decode(encode(cost, salt, key))
		if err != nil || again != cost {
			t.Fatalf("%q became %q", hash, encode(cost, salt, key))
		}
	})
}
