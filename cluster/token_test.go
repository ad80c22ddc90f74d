package cluster

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/fault"
)

func TestTokenAsText(t *testing.T) {
	token := NewToken(sha256.Sum256([]byte("authority")), "cm1.example.com:7402")
	text := token.String()
	if got, err := ParseToken(text); err != nil || got != token {
		t.Errorf("%+v, %v", got, err)
	}
	mailed := " " + strings.ToUpper(text[:40]) + "\r\n  " + text[40:] + "\n"
	if got, err := ParseToken(mailed); err != nil || got != token {
		t.Errorf("from a letter: %v", err)
	}
	if len(token.Secret)*8 < 128 || NewToken(token.Authority, "").Secret == token.Secret {
		t.Error("the secret is too small, or not random")
	}
	for i := len(tokenPrefix); i < len(text); i++ {
		wrong := []byte(text)
		if wrong[i]++; wrong[i] > 'z' {
			wrong[i] = 'a'
		}
		if _, err := ParseToken(string(wrong)); !errors.Is(err, fault.JoinTokenMalformed) {
			t.Fatalf("with letter %d wrong: %v", i, err)
		}
	}
	for _, bad := range []string{"", tokenPrefix, text[1:], text[:len(text)-1], text + "a", strings.Repeat("a", maximumToken+1)} {
		if _, err := ParseToken(bad); !errors.Is(err, fault.JoinTokenMalformed) {
			t.Errorf("%.60q: %v", bad, err)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(NewToken([32]byte{1}, "cm1:7402").String())
	f.Add(NewToken([32]byte{}, "").String())
	f.Add(tokenPrefix + "aeaq")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := ParseToken(text)
		if err != nil {
			return
		}
		if again, err := ParseToken(token.String()); err != nil || again != token {
			t.Errorf("%q gives %+v, and that %+v, %v", text, token, again, err)
		}
	})
}

func journal(t *testing.T) (string, *clock) {
	return filepath.Join(t.TempDir(), tokenFile), &clock{}
}

func open(t *testing.T, path string, c *clock) *tokens {
	t.Helper()
	k, err := openTokens(path, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Every step is still known after a restart.
func TestTokensSurviveARestart(t *testing.T) {
	path, c := journal(t)
	k := open(t, path, c)
	key := NewToken([32]byte{}, "").proofKey()
	id := tokenID(key)
	if _, err := k.add(key, time.Hour, "cm9"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if s, err := open(t, path, c).find(id, "a"); err != nil || s.Replace != "cm9" {
		t.Errorf("a new token: %+v, %v", s, err)
	}
	release, err := k.claim(id, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.claim(id, "a"); !errors.Is(err, fault.JoinBusy) {
		t.Errorf("the same server twice at once: %v", err)
	}
	release()
	k = open(t, path, c)
	if _, err := k.find(id, "b"); !errors.Is(err, fault.JoinTokenUsed) {
		t.Errorf("a claimed token, for another: %v", err)
	}
	if _, err := k.find(id, "a"); err != nil {
		t.Errorf("a claimed token, for who claimed it: %v", err)
	}
	if err := k.finish(id, "b"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.find(id, "a"); err != nil {
		t.Errorf("somebody else ended the token: %v", err)
	}
	if err := k.finish(id, "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, path, c).find(id, "a"); !errors.Is(err, fault.JoinTokenUsed) {
		t.Errorf("a token that has ended: %v", err)
	}
	if bytesOf := string(text); strings.Contains(bytesOf, tokenPrefix) {
		t.Error("the token itself is in the journal")
	}
}

// A crash in the middle of a write costs that step alone.
func TestTornJournal(t *testing.T) {
	path, c := journal(t)
	k := open(t, path, c)
	one, two := NewToken([32]byte{}, "").proofKey(), NewToken([32]byte{}, "").proofKey()
	for _, key := range [][]byte{one, two} {
		if _, err := k.add(key, time.Hour, ""); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range text {
		if err := os.WriteFile(path, text[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		k := &tokens{path: path, now: c.now, all: map[string]tokenState{}, busy: map[string]bool{}}
		if err := k.save(tokenState{ID: tokenID(two), Key: two, Expires: c.now().Add(time.Hour)}); err != nil { // after the torn line
			t.Fatal(err)
		}
		if _, err := open(t, path, c).find(tokenID(two), "a"); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}

func TestTokensAreBounded(t *testing.T) {
	path, c := journal(t)
	k := open(t, path, c)
	for range MaximumTokens {
		if _, err := k.add(NewToken([32]byte{}, "").proofKey(), time.Hour, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.add(NewToken([32]byte{}, "").proofKey(), time.Hour, ""); !errors.Is(err, fault.JoinTokensTooMany) {
		t.Error(err)
	}
	c.advance(2 * time.Hour)
	if _, err := k.add(NewToken([32]byte{}, "").proofKey(), time.Hour, ""); err != nil {
		t.Errorf("when the others have expired: %v", err)
	}
	c.advance(48 * time.Hour)
	if k = open(t, path, c); len(k.all) != 0 {
		t.Errorf("%d tokens are remembered for ever", len(k.all))
	}
}
