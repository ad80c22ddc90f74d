package cluster

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"tandem/cluster/link"
	"tandem/confdb"
	"tandem/confdb/schema"
	"tandem/fault"
	"tandem/security/ca"
	"tandem/telephony"
)

// KeeperOptions are what keeping up a server's certificates needs.
type KeeperOptions struct {
	Store   Store
	Secrets *Secrets
	Link    *link.Link
	// Authority rotates the authority before its end, while this server is the publisher. nil: never.
	Authority *Authority
	Now       func() time.Time
	Every     time.Duration // between looks at the clock; 0: an hour
	// Raise and Clear are told of alarms by subject. nil: nobody.
	Raise func(subject string, f *fault.Error)
	Clear func(subject string, code fault.Code)
	Log   *slog.Logger
}

// Keeper keeps up what a server proves itself with: it takes in the secrets of new generations, renews the server's certificate in good
// time, puts it on record, and has the link go by what the configuration says. All that any server needs for it is its own copy of the
// configuration and its keyring, so it goes on while the publisher is away.
//
// A new certificate is presented when it is on record, since certificates of a generation that is retired meanwhile hold only then; without
// the publisher the old one does its service until its last month.
type Keeper struct {
	o       KeeperOptions
	mu      sync.Mutex // one look at a time
	renewed chan struct{}
}

const (
	keeperEvery = time.Hour
	// unrecordedBefore is how long before the end of the certificate on record one that is not is presented.
	unrecordedBefore = 30 * 24 * time.Hour
	recordTime       = 20 * time.Second // how long putting a certificate on record may take
	recordAgain      = 30 * time.Second // until the next try
)

// NewKeeper makes the keeper of a server.
func NewKeeper(o KeeperOptions) *Keeper {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every == 0 {
		o.Every = keeperEvery
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Raise == nil {
		o.Raise = func(string, *fault.Error) {}
	}
	if o.Clear == nil {
		o.Clear = func(string, fault.Code) {}
	}
	return &Keeper{o: o, renewed: make(chan struct{}, 1)}
}

// LinkState is what a link begins with: by the configuration and the secrets as they are. A server that has no copy of the configuration
// yet goes by the authorities that it was told when it joined.
func LinkState(s *confdb.Snapshot, secrets *Secrets, now time.Time) (link.State, error) {
	trust, err := Trust(s)
	if errors.Is(err, errNoAuthority) {
		trust, err = trustAtFirst(secrets)
	}
	if err != nil {
		return link.State{}, err
	}
	own, err := secrets.Certificates()
	if err != nil {
		return link.State{}, err
	}
	return linkState(s, trust, secrets, own, now)
}

func trustAtFirst(secrets *Secrets) (*ca.Trust, error) {
	all, err := secrets.Authorities()
	if err != nil {
		return nil, err
	}
	own, err := secrets.Certificates()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 || len(own) == 0 {
		return nil, errNoAuthority
	}
	me, err := ca.IdentityOf(own[0])
	if err != nil {
		return nil, err
	}
	t := &ca.Trust{Cluster: me.Cluster}
	for _, c := range all {
		t.Anchors = append(t.Anchors, ca.Anchor{Certificate: c})
	}
	return t, nil
}

func roots(t *ca.Trust) []*x509.Certificate {
	var all []*x509.Certificate
	for _, a := range t.Anchors {
		all = append(all, a.Certificate)
	}
	return all
}

// linkState puts the certificates in the order in which they are presented: on record first, the newest first.
func linkState(s *confdb.Snapshot, trust *ca.Trust, secrets *Secrets, own []*x509.Certificate, now time.Time) (link.State, error) {
	var recorded []string
	if m := self(s, secrets.Identity); m != nil {
		recorded = m.Certificates
	}
	var first, later []link.Certificate
	for _, c := range own {
		i := slices.IndexFunc(trust.Anchors, func(a ca.Anchor) bool { return c.CheckSignatureFrom(a.Certificate) == nil })
		if i < 0 || now.After(c.NotAfter) {
			continue
		}
		certificate := link.Certificate{Leaf: c, Authority: trust.Anchors[i].Certificate, Key: secrets.Key}
		if slices.Contains(recorded, ca.Fingerprint(c)) && now.Before(c.NotAfter.Add(-unrecordedBefore)) {
			first = append(first, certificate)
		} else {
			later = append(later, certificate)
		}
	}
	if len(first)+len(later) == 0 {
		return link.State{}, errors.New("this server has no certificate that the cluster trusts")
	}
	return link.State{Trust: trust, Certificates: append(first, later...)}, nil
}

// Run keeps things up until ctx ends or the store is closed.
func (k *Keeper) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	work.Go(func() { k.byClock(ctx) })
	return follow(ctx, k.o.Store, []telephony.Kind{telephony.KindMember, telephony.KindClusterAuthority}, func(*confdb.Snapshot) {
		k.look()
		select {
		case k.renewed <- struct{}{}: // what must be put on record is, beside the feed
		default:
		}
	})
}

// byClock looks at the clock, and writes to the configuration what must be written: writing may wait for the publisher, and trust must not.
func (k *Keeper) byClock(ctx context.Context) {
	t := time.NewTimer(k.o.Every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.renewed:
		case <-t.C:
			k.look()
		}
		next := k.o.Every
		if err := k.write(ctx); err != nil {
			k.o.Log.Info("the cluster's own records wait", "reason", err)
			next = min(next, recordAgain)
		}
		t.Reset(next)
	}
}

// look goes by the configuration as it is: secrets, certificate, link. What changes meanwhile is looked at as well, so that the link is
// never left with an earlier state than the one that somebody else gave it.
func (k *Keeper) look() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for s := (*confdb.Snapshot)(nil); s != k.o.Store.Snapshot(); {
		s = k.o.Store.Snapshot()
		k.goBy(s)
	}
}

func (k *Keeper) goBy(s *confdb.Snapshot) {
	me := self(s, k.o.Secrets.Identity)
	if me == nil {
		return // a snapshot from before we joined
	}
	if me.Removed() {
		k.o.Raise("trust", fault.New(fault.ServerRemoved, "when", me.RemovedAt))
		return
	}
	trust, err := Trust(s)
	if err != nil {
		k.o.Log.Error("the cluster's authorities cannot be read", "reason", err)
		return
	}
	if err := k.o.Secrets.SaveAuthorities(roots(trust)); err != nil {
		k.o.Log.Error("the cluster's authorities were not stored", "reason", err)
	}
	own, err := k.renew(s, me)
	if err != nil {
		k.o.Log.Warn("the certificate was not renewed", "reason", err)
	}
	state, err := linkState(s, trust, k.o.Secrets, own, k.o.Now())
	if err == nil {
		err = k.o.Link.Update(state)
	}
	if err != nil {
		k.o.Log.Error("the link between servers cannot be brought up to date", "reason", err)
	}
}

// renew takes secrets in, and makes a certificate when the newest is by an older generation or in the last third of its life. It
// returns the certificates of this server.
func (k *Keeper) renew(s *confdb.Snapshot, me *telephony.Member) ([]*x509.Certificate, error) {
	own, err := k.o.Secrets.Certificates()
	if err != nil {
		return nil, err
	}
	now := k.o.Now()
	a, err := k.open(s)
	if err != nil {
		k.overdue(own, now, err)
		return own, err
	}
	fresh := len(own) > 0 && own[0].CheckSignatureFrom(a.Certificate) == nil && !ca.NeedsRenewal(own[0], now)
	if !fresh {
		m := memberOf(me)
		identity := ca.Identity{Cluster: a.Cluster, Node: m.Node, Name: m.Name}
		c, err := a.Issue(ca.Subject{Identity: identity, Addresses: m.Addresses, Key: k.o.Secrets.Key.Public()}, now)
		if err == nil {
			kept := slices.DeleteFunc(own, func(old *x509.Certificate) bool { return now.After(old.NotAfter) })
			own = append([]*x509.Certificate{c}, kept...)
			own = own[:min(len(own), maximumCertificates)]
			err = k.o.Secrets.SaveCertificates(own)
		}
		if err != nil {
			k.overdue(own, now, err)
			return own, err
		}
		k.o.Log.Info("the certificate was renewed", "generation", a.Generation, "until", c.NotAfter)
	}
	k.o.Clear("certificate", fault.CertificateNotRenewed)
	return own, nil
}

// overdue raises the alarm when a certificate that cannot be renewed ends soon.
func (k *Keeper) overdue(own []*x509.Certificate, now time.Time, cause error) {
	if len(own) > 0 && now.After(own[0].NotAfter.Add(-ca.RenewBefore/2)) {
		k.o.Raise("certificate", fault.Wrap(cause, fault.CertificateNotRenewed, "until", own[0].NotAfter.Format(time.RFC1123)))
	}
}

// open opens the authority that makes certificates.
func (k *Keeper) open(s *confdb.Snapshot) (*ca.Authority, error) {
	generation, err := signing(s)
	if err != nil {
		return nil, err
	}
	ring, err := k.o.Secrets.Keyring()
	if err == nil {
		ring, err = receive(s, k.o.Secrets.Identity, k.o.Secrets.Sealing, ring)
	}
	if err == nil {
		err = k.o.Secrets.SaveKeyring(ring)
	}
	var a *ca.Authority
	if err == nil {
		a, err = openAuthority(generation, ring)
	}
	if err != nil {
		k.o.Raise("authority", fault.Wrap(err, fault.AuthorityNotOpened, "generation", strconv.Itoa(generation.Generation)))
		return nil, err
	}
	k.o.Clear("authority", fault.AuthorityNotOpened)
	return a, nil
}

// write puts this server's newest certificate on record, and, at the publisher, ends generations that nobody needs and begins a new one
// before the end of the authority.
func (k *Keeper) write(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	if err := k.record(ctx); err != nil {
		return err
	}
	if k.o.Authority == nil || k.o.Authority.here() != nil {
		return nil
	}
	s := k.o.Store.Snapshot()
	if generation, err := signing(s); err == nil {
		if c, err := certificateOf(generation); err == nil && ca.NeedsRotation(c, k.o.Now()) {
			if _, err := k.o.Authority.Rotate(ctx); err != nil {
				return err
			}
		}
	}
	return k.endGenerations(ctx)
}

func (k *Keeper) record(ctx context.Context) error {
	own, err := k.o.Secrets.Certificates()
	if err != nil || len(own) == 0 {
		return err
	}
	fingerprint := ca.Fingerprint(own[0])
	decide := func(s *confdb.Snapshot) (set confdb.ChangeSet, err error) {
		me := self(s, k.o.Secrets.Identity)
		if me == nil || me.Removed() || len(me.Certificates) > 0 && me.Certificates[0] == fingerprint {
			return set, nil
		}
		generation := me.Generation
		for _, a := range generations(s) {
			if c, err := certificateOf(a); err == nil && own[0].CheckSignatureFrom(c) == nil {
				generation = a.Generation
			}
		}
		changed := schema.Clone(me)
		changed.Generation = generation
		changed.Certificates = append([]string{fingerprint}, me.Certificates...)
		changed.Certificates = changed.Certificates[:min(len(changed.Certificates), maximumCertificates)]
		set.Source = "a renewed certificate"
		return *set.Put(changed), nil
	}
	if set, err := decide(k.o.Store.Snapshot()); err != nil || len(set.Items) == 0 {
		return err
	}
	_, err = k.o.Store.Update(ctx, confdb.Options{Actor: actor}, decide)
	return err
}

// endGenerations deletes the generations before the one that makes certificates, when every member has one of its certificates.
func (k *Keeper) endGenerations(ctx context.Context) error {
	decide := func(s *confdb.Snapshot) (set confdb.ChangeSet, err error) {
		now, err := signing(s)
		if err != nil {
			return set, err
		}
		for m := range s.Members() {
			if !m.Removed() && m.Generation < now.Generation {
				return set, nil
			}
		}
		set.Source = "the end of a generation of the certificate authority"
		for _, a := range generations(s) {
			if a.Generation < now.Generation {
				set.Delete(telephony.KindClusterAuthority, a.Fingerprint)
			}
		}
		return set, nil
	}
	if set, err := decide(k.o.Store.Snapshot()); err != nil || len(set.Items) == 0 {
		return err
	}
	_, err := k.o.Store.Update(ctx, confdb.Options{Actor: actor}, decide)
	return err
}
