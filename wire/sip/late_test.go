package sip

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// A worker that is behind refuses new work with 503, first what is not proven; repeats of what was let in, requests of dialogs
// and the ACKs of refusals are no new work. When it has caught up it takes everything again.
func TestT23_LateWorkerRefusesNewWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		seen := map[string]int{}
		release := make(chan struct{})
		told := 0
		s := memStack(t, n, hostA, Config{Workers: 1, Timers: Timers{Trying: -1}, Late: func(time.Duration) { told++ }, Handler: &testHandler{
			request: func(tx *ServerTx, req *Request) {
				seen[CallIDOf(req)]++
				if CallIDOf(req) == "slow" {
					<-release
				}
				_ = tx.Reply(404)
			},
		}})
		defer s.Close()
		peer := n.raw(t, hostB)
		const proof = "Authorization: Digest username=\"b\"\n"
		send := func(m Method, id, toTag, more string) {
			peer.send(hostA, rawRequest(m, id, id, "t", toTag, 1, more))
			synctest.Wait()
		}
		refused := func(id string, want bool) {
			t.Helper()
			got := false
			for len(peer.in) > 0 {
				if res, ok := peer.receive().(*Response); ok && res.StatusCode == 503 && CallIDOf(res) == id && HeaderValue(res, "Retry-After") != "" {
					got = true
				}
			}
			if got != want {
				t.Errorf("%s refused: %v, want %v", id, got, want)
			}
		}
		send(INVITE, "slow", "", "")
		for i := range behindFirst {
			send(BYE, fmt.Sprint("bye", i), "tag", "")
		}
		send(INVITE, "early", "", "") // behind by many, but not for long
		refused("early", false)
		time.Sleep(lateFirst)
		send(INVITE, "new", "", "")
		refused("new", true)
		send(INVITE, "slow", "", "") // again
		refused("slow", false)
		send(INVITE, "again", "tag", "")
		refused("again", false)
		send(INVITE, "proven", "", proof)
		refused("proven", false)
		send(REGISTER, "phone", "", "")
		refused("phone", false)
		for i := range behindProven {
			send(BYE, fmt.Sprint("more", i), "tag", "")
		}
		time.Sleep(lateProven)
		send(INVITE, "late", "", proof)
		refused("late", true)
		send(REGISTER, "latephone", "", "")
		refused("latephone", true)
		behind := s.shards[0].behind.Load()
		send(ACK, "late", busyTag, "")
		if s.shards[0].behind.Load() != behind {
			t.Error("the ACK of a refusal waits")
		}
		close(release)
		time.Sleep(time.Second)
		synctest.Wait()
		for _, id := range []string{"slow", "early", "again", "proven", "phone"} {
			if seen[id] != 1 {
				t.Errorf("%s came %d times to its handler", id, seen[id])
			}
		}
		if seen["new"]+seen["late"] != 0 {
			t.Error("what was refused was handled as well")
		}
		send(INVITE, "afterwards", "", "")
		if seen["afterwards"] != 1 {
			t.Error("refused although nothing waits")
		}
		if told != 1 {
			t.Errorf("told %d times in a second", told)
		}
	})
}

// Phones that come by the hundred are told to come later when so many of them wait; a call among them is not (T-12).
func TestT12_RegistrationsDoNotCrowdCallsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		release := make(chan struct{})
		seen := map[string]bool{}
		s := memStack(t, n, hostA, Config{Workers: 1, Timers: Timers{Trying: -1}, Handler: &testHandler{
			request: func(tx *ServerTx, req *Request) {
				seen[CallIDOf(req)] = true
				if CallIDOf(req) == "slow" {
					<-release
				}
				_ = tx.Reply(404)
			},
		}})
		defer s.Close()
		peer := n.raw(t, hostB)
		send := func(m Method, id string) {
			peer.send(hostA, rawRequest(m, id, id, "t", "", 1, ""))
			synctest.Wait()
		}
		send(REGISTER, "slow")
		for i := range 3 * behindProven {
			send(REGISTER, fmt.Sprint("phone", i))
		}
		time.Sleep(lateProven)
		for i := range 2 * behindFirst {
			send(REGISTER, fmt.Sprint("later", i))
		}
		send(INVITE, "call")
		told := map[string]int{}
		for len(peer.in) > 0 {
			if res, ok := peer.receive().(*Response); ok && res.StatusCode == 503 {
				told[HeaderValue(res, "Retry-After")]++
			}
		}
		sum := 0
		for _, n := range told {
			sum += n
		}
		if sum != 2*behindFirst {
			t.Errorf("%d phones were told to come later: %v", sum, told)
		}
		close(release)
		time.Sleep(time.Second)
		synctest.Wait()
		if !seen["call"] || !seen["phone0"] || seen["later0"] {
			t.Errorf("call %v, phone %v, later phone %v", seen["call"], seen["phone0"], seen["later0"])
		}
		if b, r := s.shards[0].behind.Load(), s.shards[0].registers.Load(); b != 0 || r != 0 {
			t.Errorf("behind %d, registers %d", b, r)
		}
	})
}
