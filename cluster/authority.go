package cluster

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"tandem/cluster/link"
	"tandem/confdb"
	"tandem/fault"
	"tandem/security/ca"
	"tandem/telephony"
)

// AuthorityOptions are what the publisher's side of joining and removing needs.
type AuthorityOptions struct {
	Store   Store
	Secrets *Secrets
	Link    *link.Link // whose connections are cut when a server is removed; nil: none
	Name    telephony.ServerName
	Version string
	// PermitVersions lists the two versions of an upgrade that is in progress; nil or empty: Version alone may join.
	PermitVersions func() []string
	// Publisher tells which server accepts writes now.
	Publisher func() telephony.ServerName
	// Address is host:port at which this server is joined; it goes into tokens.
	Address func() string
	// Files are what a joining server needs in its secrets directory, by file name: the data key of the configuration. At most
	// MaximumHandover in all. nil: none.
	Files    func() (map[string][]byte, error)
	Resolver Resolver // nil: names are not checked when a server joins
	Now      func() time.Time
	Log      *slog.Logger
}

// Bounds of joining.
const (
	// MaximumHandover bounds the files that a joining server gets, in bytes.
	MaximumHandover = 1 << 20

	maximumJoins  = 32 // requests at once
	joinTime      = 60 * time.Second
	passphraseGap = time.Second // times the wrong pass-phrases so far: how long a wrong one waits for its answer
)

// Authority admits servers to the cluster and removes them. Every server has one; it admits only while its server is the publisher.
type Authority struct {
	o      AuthorityOptions
	tokens *tokens
	slots  chan struct{}
}

// NewAuthority makes the authority of a server.
func NewAuthority(o AuthorityOptions) (*Authority, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	t, err := openTokens(o.Secrets.path(tokenFile), o.Now)
	if err != nil {
		return nil, err
	}
	return &Authority{o: o, tokens: t, slots: make(chan struct{}, maximumJoins)}, nil
}

// TokenOptions say what a join token is for.
type TokenOptions struct {
	Life    time.Duration        // 0: TokenLife; at most TokenLifeMaximum
	Address string               // host:port at which this server is to be joined; "": the one of AuthorityOptions
	Replace telephony.ServerName // member whose place the new server takes, because its disk is gone; it is removed first. "": none
}

// CreateToken makes a join token and says until when it is valid. It is shown once.
func (a *Authority) CreateToken(o TokenOptions) (Token, time.Time, error) {
	if err := a.here(); err != nil {
		return Token{}, time.Time{}, err
	}
	s := a.o.Store.Snapshot()
	if o.Replace != "" {
		if _, found := Find(s, o.Replace); !found {
			return Token{}, time.Time{}, unknownMember(s, o.Replace)
		}
	}
	generation, err := signing(s)
	if err != nil {
		return Token{}, time.Time{}, err
	}
	c, err := certificateOf(generation)
	if err != nil {
		return Token{}, time.Time{}, err
	}
	if o.Life <= 0 {
		o.Life = TokenLife
	}
	if o.Address == "" {
		o.Address = a.o.Address()
	}
	if _, _, err := net.SplitHostPort(o.Address); err != nil || len(o.Address) > 255 {
		return Token{}, time.Time{}, fault.Wrap(errors.New("it is not of the form host:port"), fault.JoinNameUnresolved, "name", o.Address)
	}
	t := NewToken(sha256.Sum256(c.Raw), o.Address)
	until, err := a.tokens.add(t.proofKey(), min(o.Life, TokenLifeMaximum), o.Replace)
	return t, until, err
}

// here refuses when another server is the publisher.
func (a *Authority) here() error {
	if p := a.o.Publisher(); p != a.o.Name {
		return fault.New(fault.JoinNotPublisher, "server", a.o.Name, "publisher", p)
	}
	return nil
}

// joiningConn hides from net/http that the connection is TLS: it would look for a handler of the negotiated protocol, which is
// HTTP/1.1 under another name.
type joiningConn struct{ net.Conn }

type joiningListener struct{ net.Listener }

func (l joiningListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return joiningConn{c}, err
}

type stateKey struct{}

// Serve answers joining servers until ctx ends or the listener fails: give it (*link.Listener).Joins, whose connections are *tls.Conn.
func (a *Authority) Serve(ctx context.Context, l net.Listener) error {
	s := &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: joinTime, WriteTimeout: joinTime, IdleTimeout: joinTime,
		MaxHeaderBytes: 8 << 10, ErrorLog: slog.NewLogLogger(a.o.Log.Handler(), slog.LevelInfo), BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if j, ok := c.(joiningConn); ok {
				if t, ok := j.Conn.(*tls.Conn); ok {
					state := t.ConnectionState()
					return context.WithValue(ctx, stateKey{}, &state)
				}
			}
			return ctx
		}}
	var work sync.WaitGroup
	ended := make(chan struct{})
	work.Go(func() {
		select {
		case <-ctx.Done():
		case <-ended:
		}
		_ = s.Close()
	})
	err := s.Serve(joiningListener{l})
	close(ended)
	work.Wait()
	if ctx.Err() != nil || errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// ServeHTTP answers one request of a joining server. Outside of Serve it refuses all: it knows the channel from there.
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	default:
		writeFault(w, fault.New(fault.JoinBusy))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), joinTime)
	defer cancel()
	answer, err := a.answer(ctx, r)
	if err != nil {
		a.o.Log.Warn("a server was not admitted", "remote", r.RemoteAddr, "reason", err)
		writeFault(w, err)
		return
	}
	writeJSON(w, answer)
}

func (a *Authority) answer(ctx context.Context, r *http.Request) (any, error) {
	state, _ := ctx.Value(stateKey{}).(*tls.ConnectionState)
	channel, err := exporter(state)
	if err != nil || r.Method != http.MethodPost {
		return nil, fault.Wrap(errors.New("it did not come in the joining protocol"), fault.JoinRequestInvalid)
	}
	if err := a.here(); err != nil {
		return nil, err
	}
	if r.URL.Path == pathBegin {
		return a.begin()
	}
	var s sealed
	if err := readJSON(r.Body, maximumRequest, &s); err != nil {
		return nil, fault.Wrap(err, fault.JoinRequestInvalid)
	}
	var q request
	if err := json.Unmarshal(s.Request, &q); err != nil {
		return nil, fault.Wrap(err, fault.JoinRequestInvalid)
	}
	token, err := a.prove(s, channel, q.claimant())
	if err != nil {
		return nil, err
	}
	switch r.URL.Path {
	case pathJoin:
		if err := a.provePassphrase(ctx, s, channel); err != nil {
			return nil, err
		}
		return a.join(ctx, token, &q)
	case pathDone:
		return struct{}{}, a.tokens.finish(token.ID, q.claimant())
	}
	return nil, fault.Wrap(errors.New("there is no such request"), fault.JoinRequestInvalid)
}

// claimant is who shows a token: the server's identity and its key, of which it has shown that it has the private part.
func (r *request) claimant() string {
	key, err := ca.RequestedKey(r.Request)
	if err != nil {
		return r.Identity + " without a key"
	}
	public, err := key.Bytes()
	if err != nil {
		return r.Identity + " without a key"
	}
	sum := sha256.Sum256(public)
	return r.Identity + " " + hex.EncodeToString(sum[:])
}

func (a *Authority) begin() (any, error) {
	ring, err := a.o.Secrets.Keyring()
	if err != nil {
		return nil, err
	}
	trust, err := Trust(a.o.Store.Snapshot())
	if err != nil {
		return nil, err
	}
	return beginning{Cluster: trust.Cluster, Server: a.o.Name, Version: a.o.Version, Time: a.o.Now().UnixNano(), Derivation: ring.Derivation}, nil
}

// prove checks that the other side has the token. A wrong proof says the same as an unknown token.
func (a *Authority) prove(s sealed, channel []byte, claimant string) (tokenState, error) {
	token, err := a.tokens.find(s.Token, claimant)
	key := token.Key
	if key == nil {
		key = make([]byte, sha256.Size)
	}
	if !equal(s.TokenProof, ca.Prove(key, proven(channel, s.Request, "token"))) {
		return token, fault.New(fault.JoinTokenUnknown)
	}
	return token, err
}

// provePassphrase checks the pass-phrase. Each wrong one is counted on the disk, and answered ever more slowly.
func (a *Authority) provePassphrase(ctx context.Context, s sealed, channel []byte) error {
	ring, err := a.o.Secrets.Keyring()
	if err != nil {
		return err
	}
	if ring.Proves(s.PassphraseProof, proven(channel, s.Request, "pass-phrase")) {
		return nil
	}
	n, err := a.tokens.missed(s.Token)
	if err != nil {
		return err
	}
	wait := time.NewTimer(time.Duration(n-1) * passphraseGap)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
	return fault.New(fault.JoinPassphraseWrong, "left", max(PassphraseAttempts-n, 0))
}

// join admits a server that has shown token and pass-phrase.
func (a *Authority) join(ctx context.Context, token tokenState, q *request) (*admission, error) {
	var permitted []string
	if a.o.PermitVersions != nil {
		permitted = a.o.PermitVersions()
	}
	if err := checkVersion(q.Version, a.o.Version, permitted); err != nil {
		return nil, err
	}
	if err := q.checkForm(); err != nil {
		return nil, fault.Wrap(err, fault.JoinRequestInvalid)
	}
	for i, address := range q.Addresses {
		q.Addresses[i] = address.Unmap()
	}
	warning, err := CheckClock(q.Name, time.Unix(0, q.Time).Sub(a.o.Now()))
	if err != nil {
		return nil, err
	}
	again := token.Claimant == q.claimant()
	if !again && token.Replace == "" { // what is refused anyhow does not spend the token
		if err := checkPlace(a.o.Store.Snapshot(), q); err != nil {
			return nil, err
		}
	}
	release, err := a.tokens.claim(token.ID, q.claimant())
	if err != nil {
		return nil, err
	}
	defer release()
	if old, there := Find(a.o.Store.Snapshot(), token.Replace); there && old.Identity != q.Identity {
		if _, err := a.Remove(ctx, token.Replace); err != nil {
			return nil, err
		}
	}
	ring, err := a.keyring()
	if err != nil {
		return nil, err
	}
	var answer *admission
	_, err = a.o.Store.Update(ctx, confdb.Options{Actor: actor}, func(s *confdb.Snapshot) (set confdb.ChangeSet, err error) {
		set, answer, err = admit(s, q, again, ring, a.o.Now())
		return set, err
	})
	if err != nil {
		return nil, err
	}
	after := a.o.Store.Snapshot()
	answer.Members = Members(after)
	if p, found := Find(after, a.o.Name); found {
		answer.Publisher = p.Node
	}
	if a.o.Files != nil {
		if answer.Files, err = a.o.Files(); err != nil {
			return nil, err
		}
	}
	if warning != nil {
		answer.Warnings = append(answer.Warnings, warning)
	}
	if a.o.Resolver != nil {
		joined := Named{Name: q.Name, Address: q.Addresses[0]}
		for _, row := range CheckNames(ctx, a.o.Resolver, a.o.Name, []Named{joined}) {
			answer.Warnings = append(answer.Warnings, row.Problems...)
		}
	}
	a.o.Log.Info("a server was admitted", "server", q.Name, "node", answer.Node, "identity", q.Identity)
	return answer, nil
}

// keyring is this server's, with the secrets that the configuration has for it: a rotation may be so new that the keeper has not seen it.
func (a *Authority) keyring() (*ca.Keyring, error) {
	ring, err := a.o.Secrets.Keyring()
	if err != nil {
		return nil, err
	}
	ring, err = receive(a.o.Store.Snapshot(), a.o.Secrets.Identity, a.o.Secrets.Sealing, ring)
	if err != nil {
		return nil, err
	}
	return ring, a.o.Secrets.SaveKeyring(ring)
}
