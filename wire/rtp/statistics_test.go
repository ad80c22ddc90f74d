package rtp

import "testing"

func feed(s *Statistics, sequences ...uint16) {
	for _, n := range sequences {
		s.Receive(Header{SSRC: 1, Sequence: n, Timestamp: uint32(n) * 160}, 160, uint32(n)*160)
	}
}

func TestStatistics(t *testing.T) {
	for _, c := range []struct {
		name                    string
		in                      []uint16
		packets, expected       uint64
		lost                    int64
		reordered, dup, restart uint64
	}{
		{"in order", []uint16{5, 6, 7, 8}, 4, 4, 0, 0, 0, 0},
		{"from zero", []uint16{0, 1, 2}, 3, 3, 0, 0, 0, 0},
		{"two lost", []uint16{5, 6, 9}, 3, 5, 2, 0, 0, 0},
		{"over the wrap", []uint16{65534, 65535, 0, 1}, 4, 4, 0, 0, 0, 0},
		{"one lost at the wrap", []uint16{65534, 65535, 1}, 3, 4, 1, 0, 0, 0},
		{"swapped", []uint16{5, 7, 6, 8}, 4, 4, 0, 1, 0, 0},
		{"doubled", []uint16{5, 6, 6}, 3, 2, -1, 0, 1, 0},
		{"stray packet is not counted", []uint16{5, 6, 30000, 7}, 3, 3, 0, 0, 0, 0},
		{"sender began anew", []uint16{5, 6, 8, 30000, 30001, 30002}, 5, 6, 1, 0, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Statistics
			feed(&s, c.in...)
			if s.Packets != c.packets || s.Expected() != c.expected || s.Lost() != c.lost {
				t.Errorf("packets %d expected %d lost %d, want %d %d %d",
					s.Packets, s.Expected(), s.Lost(), c.packets, c.expected, c.lost)
			}
			if s.Reordered != c.reordered || s.Duplicates != c.dup || s.Restarts != c.restart {
				t.Errorf("reordered %d duplicates %d restarts %d, want %d %d %d",
					s.Reordered, s.Duplicates, s.Restarts, c.reordered, c.dup, c.restart)
			}
			if s.Jitter() != 0 {
				t.Errorf("jitter %d of a steady stream", s.Jitter())
			}
		})
	}
}

func TestStatisticsJitterSettlesAtTheSpread(t *testing.T) {
	var s Statistics
	// Packets come alternately 10 ms late and on time: |D| is 80 units always.
	for n := uint32(0); n < 500; n++ {
		s.Receive(Header{SSRC: 1, Sequence: uint16(n), Timestamp: n * 160}, 160, n*160+(n%2)*80)
	}
	if j := s.Jitter(); j < 78 || j > 81 {
		t.Errorf("jitter %d, want 80", j)
	}
}

func TestReportCountsTheInterval(t *testing.T) {
	var s Statistics
	feed(&s, 1, 2, 3, 4)
	if r := s.Report(); r.FractionLost != 0 || r.HighestSequence != 4 {
		t.Errorf("first report %+v", r)
	}
	feed(&s, 6, 8) // of 5 to 8, half
	if r := s.Report(); r.FractionLost != 128 || r.CumulativeLost != 2 {
		t.Errorf("second report %+v, want fraction 128 and 2 lost", r)
	}
	if r := s.Report(); r.FractionLost != 0 {
		t.Errorf("an interval without packets lost %d/256", r.FractionLost)
	}
}

func TestChangeOfSourceKeepsTotals(t *testing.T) {
	var s Statistics
	feed(&s, 1, 2, 4)
	s.Receive(Header{SSRC: 2, Sequence: 900, Timestamp: 5}, 160, 5)
	s.Receive(Header{SSRC: 2, Sequence: 902, Timestamp: 5}, 160, 5)
	if s.Packets != 5 || s.Lost() != 2 || s.SSRC != 2 || s.Restarts != 1 {
		t.Errorf("packets %d lost %d source %d restarts %d, want 5 2 2 1", s.Packets, s.Lost(), s.SSRC, s.Restarts)
	}
}
