package link

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem/security/ca"
)

// Purpose is what a connection is for. It is part of the negotiated protocol (ALPN), so that bytes meant for one purpose never reach
// another.
type Purpose string

// The purposes.
const (
	Replication Purpose = "replication" // port 7400
	Signals     Purpose = "signals"     // port 7401
	Files       Purpose = "files"       // port 7402: files, records, status
	// Joining shares port 7402 with Files. The asking server has no certificate yet, and must prove itself by a token.
	Joining Purpose = "joining"
)

// Versions is a range of protocol versions. Two servers use the highest that both have.
type Versions struct{ Oldest, Newest int }

// maximumVersions bounds how many versions a server offers.
const maximumVersions = 8

// offers lists the protocols of a purpose, the newest first.
func (v Versions) offers(p Purpose) []string {
	var all []string
	for n := v.Newest; n >= v.Oldest && len(all) < maximumVersions; n-- {
		all = append(all, fmt.Sprintf("tandem-%s/%d", p, n))
	}
	return all
}

// versionOf reads a negotiated protocol; 0: it is none of ours.
func versionOf(protocol string) (Purpose, int) {
	rest, ok := strings.CutPrefix(protocol, "tandem-")
	name, number, found := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	if !ok || !found || err != nil || n < 1 {
		return "", 0
	}
	return Purpose(name), n
}

// A dialling server cannot say in TLS 1.3 which authorities it knows, and Go sends no such list. It says so among the protocols, and a
// server that has certificates of two generations, in the middle of a rotation, presents the one that is known.
const trustMarker = "tandem-trust/"

// maximumMarkers bounds the generations that are named.
const maximumMarkers = 4

func marker(fingerprint string) string { return trustMarker + fingerprint[:16] }

func markers(t *ca.Trust) []string {
	var all []string
	for _, a := range t.Anchors[:min(len(t.Anchors), maximumMarkers)] {
		all = append(all, marker(ca.Fingerprint(a.Certificate)))
	}
	return all
}

// JoinProtocols are the protocols that a server offers which wants to join the cluster whose authority has the given SHA-256.
func JoinProtocols(authority [32]byte) []string {
	return append(Versions{1, 1}.offers(Joining), marker(hex.EncodeToString(authority[:])))
}

// choose picks the newest certificate that is by an authority which the dialling side names; if it names none that fits, the newest.
func choose(all []Certificate, offered []string) *Certificate {
	for i := range all {
		if slices.Contains(offered, marker(ca.Fingerprint(all[i].Authority))) {
			return &all[i]
		}
	}
	return &all[0]
}
