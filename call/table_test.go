package call

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/protocols/half-call.md from the tables")

var kindNames = map[Kind]string{
	Seize: "Seize", Digits: "Digits", Backspace: "Backspace", Dial: "Dial", Retrieve: "Retrieve", Replace: "Replace",
	DeviceAlerting: "DeviceAlerting", DeviceProgress: "DeviceProgress", Pickup: "Pickup", Ready: "Ready", Refuse: "Refuse",
	DeviceOffer: "Offer", DeviceAnswer: "Answer", DeviceRefusal: "RefuseMedia", Key: "Key", TransferTo: "TransferTo",
	TransferWith: "TransferWith", HangUp: "HangUp", Gone: "Gone", Returned: "Returned", DeviceMoved: "DeviceMoved",
	RouteFound: "(route found)", NoRoute: "(no route)", MoreDigits: "(more digits)", NobodyReached: "(nobody reached)",
	BackToFormer: "(back to the transferor)", NobodyWaits: "(nobody waits)", OffersMet: "(offers met, ours first)",
	OffersMetYield: "(offers met, the peer's first)", Settled: "(settled)", OfferWanted: "(offer wanted)",
	SetupSignal: "Setup", OfferRequest: "OfferRequest", CallerOffer: "CallerOffer", PeerAlerting: "Alerting", Granted: "Granted", ConnectedAnswer: "Connected with an answer",
	ConnectedOffer: "Connected with an offer", ConnectAck: "ConnectAck", Rejected: "Rejected", Redirected: "Redirect",
	TransferRequest: "Redirect by a transferor", RedirectStatus: "RedirectStatus", TransferorGone: "TransferorGone",
	Released: "Release", PeerMediaOffer: "MediaOffer", PeerMediaAnswer: "MediaAnswer", PeerMediaReject: "MediaReject",
	PeerKey: "KeyPressed", JoinRequest: "JoinRequest", JoinAccept: "JoinAccept", JoinRefuse: "JoinRefuse", Joined: "Joined",
	CallerChanged: "CallerChanged", TakeOver: "TakeOver", TakenOver: "TakenOver", TakeOverRefused: "TakeOverRefused",
	Audit: "Audit", AuditAnswer: "AuditAnswer", JoiningOffer: "MediaOffer of a new peer", PeerLost: "server lost: the peer's",
	TargetLost: "server lost: that of the called line", OwnerLost: "server lost: that of the line which offered the call",
	AskedLost: "server lost: that of whom it waits for", PeerBack: "server back: the peer's", DeviceBack: "DeviceBack", FirstDigitTimeout: "time-out: first digit", InterdigitTimeout: "time-out: T302",
	SetupTimeout: "time-out: T303", AlertingTimeout: "time-out: T301", MediaTimeout: "time-out: media",
	PatienceTimeout: "time-out: patience", PreservationTimeout: "time-out: preservation", JoinTimeout: "time-out: join",
	ForwardTimeout: "time-out: forward", AuditTimeout: "time-out: audit",
}

func actionName(f func(*turn)) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}

// TestDevicesCanAlwaysLeave holds the tables to what users count on: hanging up and losing a device have an effect in
// every state, and every state but Ended leads to Ended.
func TestDevicesCanAlwaysLeave(t *testing.T) {
	for s := Idle; s < Ended; s++ {
		for _, k := range []Kind{HangUp, Gone} {
			if _, ok := states[s][k]; !ok {
				t.Errorf("%s has no entry for %s", s, kindNames[k])
			}
		}
	}
	// Entries whose action decides the next state itself.
	decides := map[string][]State{"leaveTaking": {Ended}, "judgeFailure": {Active, Failed}, "joinFailed": {Active, Ended}}
	reaches := map[State]bool{Ended: true}
	for grown := true; grown; {
		grown = false
		for s, entries := range states {
			for _, e := range entries {
				next := append([]State{e.next}, decides[actionName(e.do)]...)
				if !reaches[s] && slices.ContainsFunc(next, func(n State) bool { return reaches[n] }) {
					reaches[s], grown = true, true
				}
			}
		}
	}
	for s := Idle; s <= Ended; s++ {
		if !reaches[s] {
			t.Errorf("%s never comes to an end", s)
		}
	}
}

// TestTablesAreDrawn keeps the page that a reader checks against the call flow equal to the tables.
func TestTablesAreDrawn(t *testing.T) {
	const page = "../docs/protocols/half-call.md"
	var b strings.Builder
	b.WriteString("# What a half-call does\n\nMade from the tables in `call/table.go` by `go test ./call -update`. What is not listed is refused " +
		"and counted. Events in brackets are the answers of the half-call's own decisions, such as digit analysis.\n")
	row := func(k Kind, action, next string) { fmt.Fprintf(&b, "| %s | %s | %s |\n", kindNames[k], action, next) }
	for s := Idle; s < Ended; s++ {
		fmt.Fprintf(&b, "\n## %s\n\n| event | action | next |\n| --- | --- | --- |\n", s)
		for k := Kind(1); k <= AuditTimeout; k++ {
			if e, ok := states[s][k]; ok {
				row(k, actionName(e.do), e.next.String())
			}
		}
	}
	b.WriteString("\n# Offers and answers while two parties are connected\n")
	for n := Stable; n <= Flushing; n++ {
		fmt.Fprintf(&b, "\n## %s\n\n| event | action | next |\n| --- | --- | --- |\n", n)
		for k := Kind(1); k <= AuditTimeout; k++ {
			if e, ok := negotiation[n][k]; ok {
				row(k, actionName(e.do), e.next.String())
			}
		}
	}
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil || string(have) != b.String() {
		t.Errorf("%s is not what the tables say (%v); run go test ./call -update", page, err)
	}
	for k := Kind(1); k <= AuditTimeout; k++ {
		if kindNames[k] == "" {
			t.Errorf("kind %d has no name", k)
		}
	}
}
