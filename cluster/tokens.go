package cluster

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"tandem/fault"
	"tandem/security/ca"
	"tandem/telephony"
)

// Bounds of tokens.
const (
	// TokenLife is how long a token is valid unless its maker says otherwise.
	TokenLife = time.Hour
	// TokenLifeMaximum is the longest.
	TokenLifeMaximum = 7 * 24 * time.Hour
	// MaximumTokens bounds the tokens that nobody has used yet.
	MaximumTokens = 64
	// PassphraseAttempts is how often a token may be shown with a wrong pass-phrase before it is void.
	PassphraseAttempts = 5

	// tokenMemory is how long the publisher remembers a token after its end, to tell why it is refused.
	tokenMemory = 24 * time.Hour
	// maximumRemembered bounds the journal, in tokens.
	maximumRemembered = 1024
)

// tokenState is one token in the journal: a line of it replaces earlier ones with the same ID.
type tokenState struct {
	ID       string               `json:"id"`
	Key      []byte               `json:"key"` // that proves it
	Expires  time.Time            `json:"expires"`
	Replace  telephony.ServerName `json:"replace,omitempty"`  // member whose place the new server takes
	Claimant string               `json:"claimant,omitempty"` // who showed it first: identity and key of that server
	Used     bool                 `json:"used,omitempty"`     // that server has joined and said so
	Missed   int                  `json:"missed,omitempty"`   // wrong pass-phrases
}

// tokens are the join tokens of this publisher. Each step is on the disk before it has an effect, so that a crash never lets a token
// be used by two servers.
//
// What a crash between the first use and the end leaves is a claimed token: the server that claimed it may use it again until it
// expires, and nobody else may.
type tokens struct {
	mu   sync.Mutex
	path string
	now  func() time.Time
	all  map[string]tokenState
	busy map[string]bool // a join with it is under way
}

func openTokens(path string, now func() time.Time) (*tokens, error) {
	t := &tokens{path: path, now: now, all: map[string]tokenState{}, busy: map[string]bool{}}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var s tokenState
		if json.Unmarshal(lines.Bytes(), &s) == nil && s.ID == tokenID(s.Key) { // what a crash cut short had no effect yet
			t.all[s.ID] = s
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return nil, err
	}
	return t, t.rewrite()
}

// rewrite writes the journal anew, without tokens that are long over.
func (t *tokens) rewrite() error {
	var b bytes.Buffer
	for id, s := range t.all {
		if t.now().After(s.Expires.Add(tokenMemory)) {
			delete(t.all, id)
			continue
		}
		line, err := json.Marshal(s)
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	}
	return ca.WriteFile(t.path, b.Bytes())
}

// save makes a step durable, then true.
func (t *tokens) save(s tokenState) error {
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(t.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	// A line end first: what a crash left of the last line must not swallow this one.
	_, err = f.Write(append(append([]byte("\n"), line...), '\n'))
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		t.all[s.ID] = s
	}
	return err
}

func (t *tokens) add(key []byte, life time.Duration, replace telephony.ServerName) (time.Time, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.all) >= maximumRemembered {
		if err := t.rewrite(); err != nil {
			return time.Time{}, err
		}
	}
	open := 0
	for _, s := range t.all {
		if !s.Used && t.now().Before(s.Expires) && s.Missed < PassphraseAttempts {
			open++
		}
	}
	if open >= MaximumTokens || len(t.all) >= maximumRemembered {
		return time.Time{}, fault.New(fault.JoinTokensTooMany, "count", open)
	}
	s := tokenState{ID: tokenID(key), Key: key, Expires: t.now().Add(life).UTC(), Replace: replace}
	return s.Expires, t.save(s)
}

// find looks a token up and says why it is refused, if it is. claimant is who shows it.
func (t *tokens) find(id, claimant string) (tokenState, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.usable(id, claimant)
}

func (t *tokens) usable(id, claimant string) (tokenState, error) {
	s, known := t.all[id]
	switch {
	case !known:
		return s, fault.New(fault.JoinTokenUnknown)
	case s.Used || s.Claimant != "" && s.Claimant != claimant:
		return s, fault.New(fault.JoinTokenUsed)
	case s.Missed >= PassphraseAttempts:
		return s, fault.New(fault.JoinTokenVoid, "attempts", s.Missed)
	case !t.now().Before(s.Expires):
		return s, fault.New(fault.JoinTokenExpired, "until", s.Expires.Format(time.RFC1123))
	}
	return s, nil
}

// claim binds a token to the server that shows it. release ends the attempt.
func (t *tokens) claim(id, claimant string) (release func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, err := t.usable(id, claimant)
	if err != nil {
		return nil, err
	}
	if t.busy[id] {
		return nil, fault.New(fault.JoinBusy)
	}
	if s.Claimant == "" {
		s.Claimant = claimant
		if err := t.save(s); err != nil {
			return nil, err
		}
	}
	t.busy[id] = true
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.busy, id)
	}, nil
}

// missed counts a wrong pass-phrase, and returns how many there were with this token.
func (t *tokens) missed(id string) (n int, err error) {
	err = t.change(id, func(s *tokenState) bool {
		s.Missed++
		n = s.Missed
		return true
	})
	return n, err
}

// finish says that the server has joined.
func (t *tokens) finish(id, claimant string) error {
	return t.change(id, func(s *tokenState) bool {
		ok := s.Claimant == claimant && !s.Used
		s.Used = true
		return ok
	})
}

func (t *tokens) change(id string, f func(*tokenState) bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, known := t.all[id]
	if !known || !f(&s) {
		return nil
	}
	return t.save(s)
}
