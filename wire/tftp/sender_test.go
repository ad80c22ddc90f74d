package tftp

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func start(t *testing.T, size int64, terms Terms, options bool) (*Sender, Step) {
	t.Helper()
	s := NewSender(size, terms, options, Patience{})
	return s, s.Start()
}

// want describes a step in one line, so that a test reads as a dialogue.
func want(t *testing.T, s Step, text string) {
	t.Helper()
	got := "nothing"
	switch {
	case s.Ending != Running:
		got = s.Ending.String()
	case s.OptionAck:
		got = fmt.Sprintf("options, wait %v", s.Wait)
	case s.Sends():
		got = fmt.Sprintf("%d-%d, wait %v", s.First, s.Last, s.Wait)
	}
	if got != text {
		t.Fatalf("step is %q, want %q", got, text)
	}
}

func TestSenderPlain(t *testing.T) {
	s, first := start(t, 1024, StandardTerms, false)
	want(t, first, "1-1, wait 1s")
	want(t, s.Ack(1), "2-2, wait 1s")
	want(t, s.Ack(2), "3-3, wait 1s") // a whole number of blocks ends with an empty one
	if offset, n := s.Extent(3); offset != 1024 || n != 0 {
		t.Errorf("last block at %d, %d octets", offset, n)
	}
	want(t, s.Ack(3), "complete")
}

func TestSenderEmptyFile(t *testing.T) {
	s, first := start(t, 0, StandardTerms, false)
	want(t, first, "1-1, wait 1s")
	want(t, s.Ack(1), "complete")
}

func TestSenderOptions(t *testing.T) {
	s, first := start(t, 100, Terms{BlockSize: 50, Window: 1, Timeout: 3 * time.Second}, true)
	want(t, first, "options, wait 3s")
	want(t, s.Ack(7), "nothing")
	want(t, s.Timeout(), "options, wait 3s")
	want(t, s.Ack(0), "1-1, wait 3s")
	want(t, s.Ack(0), "nothing")
	want(t, s.Ack(1), "2-2, wait 3s")
}

// a doubled acknowledgement does not double the data, however long it goes on.
func TestR60_DuplicateAckDoesNotDoubleData(t *testing.T) {
	s, _ := start(t, 512*100, StandardTerms, false)
	sent := 1
	for block := uint16(1); ; block++ {
		for range 3 {
			step := s.Ack(block)
			if step.Ending == Complete {
				if sent != 101 {
					t.Fatalf("%d blocks sent for 101", sent)
				}
				return
			}
			sent += int(step.Last - step.First + 1)
		}
	}
}

// R-60 (e): an option acknowledgement that nobody answers ends by itself.
func TestR60_UnansweredOptionAckEnds(t *testing.T) {
	s, first := start(t, 100, StandardTerms, true)
	total := first.Wait
	for _, text := range []string{"options, wait 2s", "options, wait 4s", "options, wait 4s", "options, wait 4s", "options, wait 4s"} {
		step := s.Timeout()
		want(t, step, text)
		total += step.Wait
	}
	want(t, s.Timeout(), "abandoned")
	if total != 19*time.Second {
		t.Errorf("given up after %v", total)
	}
}

func TestSenderProgressResetsPatience(t *testing.T) {
	s, _ := start(t, 5000, StandardTerms, false)
	want(t, s.Timeout(), "1-1, wait 2s")
	want(t, s.Timeout(), "1-1, wait 4s")
	want(t, s.Ack(1), "2-2, wait 1s")
	want(t, s.Timeout(), "2-2, wait 2s")
}

func TestSenderUnconfirmedEnd(t *testing.T) {
	s, _ := start(t, 600, StandardTerms, false)
	want(t, s.Ack(1), "2-2, wait 1s")
	for range 5 {
		s.Timeout()
	}
	want(t, s.Timeout(), "sent whole, the end not confirmed")

	s, _ = start(t, 10, StandardTerms, false) // nobody ever answered: nobody was there
	for range 5 {
		s.Timeout()
	}
	want(t, s.Timeout(), "abandoned")
}

// block numbers wrap to 0 (a load of more than 32 MiB in blocks of 512).
func TestR60_BlockNumberWraps(t *testing.T) {
	const blocks = 200_000
	for _, window := range []int64{1, 7, 64} {
		s, step := start(t, blocks*512, Terms{BlockSize: 512, Window: int(window)}, true)
		step = s.Ack(0)
		received := int64(0)
		for step.Ending == Running {
			if step.First != received+1 {
				t.Fatalf("window %d: block %d sent after %d", window, step.First, received)
			}
			received = step.Last
			step = s.Ack(uint16(received))
		}
		if step.Ending != Complete || received != blocks+1 {
			t.Fatalf("window %d: %v after %d blocks", window, step.Ending, received)
		}
	}
}

func TestSenderWindow(t *testing.T) {
	s, _ := start(t, 100, Terms{BlockSize: 10, Window: 4}, true)
	want(t, s.Ack(0), "1-4, wait 1s")
	want(t, s.Ack(2), "3-6, wait 1s") // 3 was lost
	want(t, s.Ack(2), "nothing")      // 4 of the old window came after the repetition began
	want(t, s.Ack(6), "7-10, wait 1s")
	want(t, s.Ack(6), "7-10, wait 1s") // 7 was lost
	want(t, s.Ack(6), "nothing")       // reported by each later block: answered once
	want(t, s.Ack(1), "nothing")       // long past
	want(t, s.Timeout(), "7-10, wait 2s")
	want(t, s.Ack(10), "11-11, wait 1s")
	want(t, s.Ack(11), "complete")
}

// The sender ends, complete, over links that lose, double and reorder, whatever the window.
func TestSenderOverBadLink(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 60))
		terms := Terms{BlockSize: 8 + random.IntN(50), Window: 1 + random.IntN(20)}
		size := random.Int64N(3000)
		s := NewSender(size, terms, random.IntN(2) == 0, Patience{Repeats: 50})
		var toClient, toServer []uint64 // packets under way: a block's number, or 0 for the options
		mix := func(queue []uint64, packet uint64) []uint64 {
			switch random.IntN(10) {
			case 0, 1:
			case 2:
				queue = append(queue, packet, packet)
			case 3:
				queue = append([]uint64{packet}, queue...)
			default:
				queue = append(queue, packet)
			}
			return queue
		}
		received, sent := uint64(0), 0
		last := uint64(size/int64(terms.BlockSize) + 1)
		step := s.Start()
		for rounds := 0; step.Ending == Running; rounds++ {
			if rounds > 100_000 {
				t.Fatalf("seed %d: no end", seed)
			}
			if step.OptionAck {
				toClient = mix(toClient, 0)
			}
			for block := step.First; block <= step.Last; block++ {
				toClient = mix(toClient, uint64(block))
				sent++
			}
			step = Step{First: 1}
			switch {
			case len(toClient) > 0:
				packet := toClient[0]
				toClient = toClient[1:]
				if packet == received+1 {
					received++
				}
				if packet != received || received%uint64(terms.Window) == 0 || received == last {
					toServer = mix(toServer, received)
				}
			case len(toServer) > 0:
				ack := toServer[0]
				toServer = toServer[1:]
				step = s.Ack(uint16(ack))
			default:
				step = s.Timeout()
			}
		}
		if received != last {
			t.Fatalf("seed %d: %v at block %d of %d", seed, step.Ending, received, last)
		}
		if limit := 40 * (int(last) + terms.Window); sent > limit {
			t.Errorf("seed %d: %d blocks sent for %d", seed, sent, last)
		}
	}
}
