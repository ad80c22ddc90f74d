package tftp

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// R-60 (d), (e): only asked options are confirmed, with values in range.
func TestR60_Negotiate(t *testing.T) {
	for _, c := range []struct {
		name      string
		asked     Options
		limits    Limits
		terms     Terms
		confirmed Options
	}{
		{"nothing asked", nil, Limits{}, StandardTerms, nil},
		{"as a phone asks", Options{{"blksize", "1468"}, {"tsize", "0"}}, Limits{}, Terms{1468, 1, 0},
			Options{{"blksize", "1468"}, {"tsize", "70000"}}},
		{"capitals come back", Options{{"BlkSize", "1024"}}, Limits{}, Terms{1024, 1, 0}, Options{{"BlkSize", "1024"}}},
		{"block size 0", Options{{"blksize", "0"}}, Limits{}, Terms{8, 1, 0}, Options{{"blksize", "8"}}},
		{"block size 7", Options{{"blksize", "7"}}, Limits{}, Terms{8, 1, 0}, Options{{"blksize", "8"}}},
		{"block size 65465", Options{{"blksize", "65465"}}, Limits{}, Terms{65464, 1, 0}, Options{{"blksize", "65464"}}},
		{"block size limited", Options{{"blksize", "65464"}}, Limits{MaxBlockSize: 1468}, Terms{1468, 1, 0}, Options{{"blksize", "1468"}}},
		{"block size negative", Options{{"blksize", "-1"}}, Limits{}, StandardTerms, nil},
		{"block size no number", Options{{"blksize", "many"}}, Limits{}, StandardTerms, nil},
		{"block size beyond 64 bits", Options{{"blksize", "99999999999999999999"}}, Limits{}, StandardTerms, nil},
		{"block size empty", Options{{"blksize", ""}}, Limits{}, StandardTerms, nil},
		{"time-out", Options{{"timeout", "3"}}, Limits{}, Terms{512, 1, 3 * time.Second}, Options{{"timeout", "3"}}},
		{"time-out that would hold a place for long", Options{{"timeout", "31"}}, Limits{}, StandardTerms, nil},
		{"time-out 255 where that is allowed", Options{{"timeout", "255"}}, Limits{MaxTimeout: 255}, Terms{512, 1, 255 * time.Second}, Options{{"timeout", "255"}}},
		{"time-out 0", Options{{"timeout", "0"}}, Limits{}, StandardTerms, nil},
		{"time-out 256", Options{{"timeout", "256"}}, Limits{}, StandardTerms, nil},
		{"window", Options{{"windowsize", "16"}}, Limits{}, Terms{512, 16, 0}, Options{{"windowsize", "16"}}},
		{"window too large", Options{{"windowsize", "65535"}}, Limits{}, Terms{512, 64, 0}, Options{{"windowsize", "64"}}},
		{"window 0", Options{{"windowsize", "0"}}, Limits{}, StandardTerms, nil},
		{"window before a large block size", Options{{"windowsize", "64"}, {"blksize", "65464"}}, Limits{}, Terms{65464, 2, 0},
			Options{{"windowsize", "2"}, {"blksize", "65464"}}},
		{"window larger than the flight", Options{{"windowsize", "9"}}, Limits{MaxFlight: 100}, Terms{512, 1, 0}, Options{{"windowsize", "1"}}},
		{"unknown", Options{{"multicast", ""}, {"x-bad", "1"}, {"tsize", "9"}}, Limits{}, StandardTerms, Options{{"tsize", "70000"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			terms, confirmed := Negotiate(c.asked, c.limits, 70000)
			if terms != c.terms || !reflect.DeepEqual(confirmed, c.confirmed) {
				t.Errorf("terms %+v, confirmed %v; want %+v, %v", terms, confirmed, c.terms, c.confirmed)
			}
			checkTerms(t, c.asked, terms, confirmed)
		})
	}
}

// checkTerms asserts what holds for every negotiation.
func checkTerms(t *testing.T, asked Options, terms Terms, confirmed Options) {
	t.Helper()
	if terms.BlockSize < MinBlockSize || terms.BlockSize > MaxBlockSize || terms.Window < 1 || terms.Window > 64 ||
		terms.Timeout < 0 || terms.Timeout > 255*time.Second {
		t.Fatalf("terms out of bounds: %+v", terms)
	}
	for _, option := range confirmed {
		value, ok := asked.Get(option.Name)
		if !ok {
			t.Fatalf("confirmed %q, which was not asked", option.Name)
		}
		want, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			t.Fatalf("confirmed %v for %q", option, value)
		}
		got, _ := strconv.ParseUint(option.Value, 10, 64)
		if !strings.EqualFold(option.Name, OptionTransferSize) && got > max(want, MinBlockSize) {
			t.Fatalf("confirmed %v for %d", option, want)
		}
	}
}
