//go:build soak

package soak

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/admin/client"
	"tandem/node"
	"tandem/phone"
	"tandem/phone/load"
	"tandem/sim/lab"
)

// How much is asked of the server.
const (
	phonesOfEach  = 2000
	callsPerSec   = 20.0 // of each kind of phone
	standardSoak  = 10 * time.Minute
	memoryAllowed = 32 << 20 // bytes that may be alive after the load beyond what was before the phones came
	routinesLeft  = 200      // goroutines that may be left likewise
)

// site has 2,000 SCCP and 2,000 SIP phones, each with a number of its own.
func site() []byte {
	var b bytes.Buffer
	b.WriteString(`callManagerGroups: [{name: Default, members: [cm1]}]
regions: [{name: House, maximumCodec: {House: G711}}]
dateTimeGroups: [{name: Local, timeZone: UTC}]
devicePools: [{name: House, callManagerGroup: Default, region: House, dateTimeGroup: Local}]
partitions: [{name: house}]
callingSearchSpaces: [{name: all, partitions: [house]}]
`)
	section := func(name, form string, first int) {
		fmt.Fprintf(&b, "%s\n", name)
		for i := range phonesOfEach {
			fmt.Fprintf(&b, form+"\n", first+i)
		}
	}
	section("users:", `  - {userId: "%[1]d", lastName: U, digestPassword: soak-secret}`, 60001)
	b.WriteString("directoryNumbers:\n")
	for _, first := range []int{50001, 60001} {
		for i := range phonesOfEach {
			fmt.Fprintf(&b, "  - {pattern: \"%d\", partition: house}\n", first+i)
		}
	}
	section("phones:", `  - {name: SEP0000000%[1]d, protocol: SCCP, product: Cisco 7960, devicePool: House, callingSearchSpace: all, lines: [{directoryNumber: "%[1]d", partition: house}]}`, 50001)
	for i := range phonesOfEach {
		fmt.Fprintf(&b, "  - {name: SIP%[1]d, protocol: SIP, product: Generic SIP phone, devicePool: House, callingSearchSpace: all, digestUser: \"%[1]d\", lines: [{directoryNumber: \"%[1]d\", partition: house}]}\n", 60001+i)
	}
	return b.Bytes()
}

// figures reads values of the server's own figures.
func figures(t *testing.T, s *lab.Server, names ...string) map[string]float64 {
	t.Helper()
	text := metrics(t, s)
	out := map[string]float64{}
	for _, line := range strings.Split(text, "\n") {
		for _, n := range names {
			if v, ok := strings.CutPrefix(line, n+" "); ok {
				f, err := strconv.ParseFloat(v, 64)
				if err != nil {
					t.Fatal(err)
				}
				out[n] = f
			}
		}
	}
	return out
}

// alive estimates the bytes that were alive at the last collection: the server collects when the heap is three times that.
func alive(f map[string]float64) float64 { return f["go_memstats_next_gc_bytes"] / 3 }

func metrics(t *testing.T, s *lab.Server) string {
	t.Helper()
	c := &http.Client{Transport: localTransport(node.SocketPath(s.Data)), Timeout: 30 * time.Second}
	defer c.CloseIdleConnections()
	r, err := c.Get("http://server/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("figures: %s %v", r.Status, err)
	}
	return string(text)
}

// TestSoak registers 4,000 phones at once and lets them call for ten minutes (or TANDEM_SOAK).
func TestSoak(t *testing.T) {
	length := standardSoak
	if v := os.Getenv("TANDEM_SOAK"); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil {
			t.Fatal(err)
		}
		length = d
	}
	ctx, cancel := context.WithTimeout(context.Background(), length+10*time.Minute)
	defer cancel()
	s, err := lab.Start(ctx, lab.Options{Child: true, Site: site()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	run := func(sccp bool, calls float64, length time.Duration) (*load.Summary, error) {
		o := load.Options{Count: phonesOfEach, RegisterRate: 400, CallRate: calls, Duration: length, Talk: 5 * time.Second,
			Ring: 500 * time.Millisecond, NoMedia: true, Mix: load.Mix{Plain: 6, Callee: 2, Hold: 1, Abandon: 1},
			Phone: phone.Config{Local: netip.MustParseAddr("127.0.0.1"), Trace: -1}, Number: "%d"}
		if sccp {
			o.Phone.Protocol, o.Phone.Model, o.Phone.Servers = phone.SCCP, "7960", []string{s.Address("sccp")}
			o.Name, o.First = "SEP0000000%d", 50001
		} else {
			o.Phone.Protocol, o.Phone.Servers = phone.SIP, []string{s.Address("sip")}
			o.Name, o.First, o.Password = "SIP%d", 60001, "soak-secret"
		}
		return load.Run(ctx, o, io.Discard)
	}
	names := []string{"go_goroutines", "go_memstats_next_gc_bytes", "tandem_registered_devices", "tandem_half_calls",
		"go_memstats_last_gc_time_seconds", "tandem_inputs_misplaced", "tandem_calls_flooded", "tandem_calls_refused"}
	before := figures(t, s, names...)
	type result struct {
		kind string
		sum  *load.Summary
		err  error
	}
	results := make(chan result, 2)
	began := time.Now()
	for _, sccp := range []bool{true, false} {
		go func() {
			sum, err := run(sccp, callsPerSec, length)
			results <- result{map[bool]string{true: "SCCP", false: "SIP"}[sccp], sum, err}
		}()
	}
	most := 0.0
	made := 0
	for done := 0; done < 2; {
		select {
		case r := <-results:
			done++
			if r.sum == nil {
				t.Fatalf("%s: %v", r.kind, r.err)
			}
			made += r.sum.Made
			t.Logf("%s: %d phones, %d calls, %d failed, %d violations, post-dial delay p50 %v p99 %v", r.kind, r.sum.Registered, r.sum.Made,
				r.sum.Failed, r.sum.Violations, r.sum.Delay(50), r.sum.Delay(99))
			if r.err != nil || r.sum.NotRegistered > 0 || r.sum.Failed > 0 || r.sum.Violations > 0 {
				t.Errorf("%s: %v; %d not registered, %d calls failed: %v; %d violations: %v", r.kind, r.err, r.sum.NotRegistered, r.sum.Failed,
					r.sum.Errors, r.sum.Violations, r.sum.Examples)
			}
		case <-time.After(2 * time.Second):
			most = max(most, figures(t, s, names...)["tandem_registered_devices"])
		}
	}
	if int(most) != 2*phonesOfEach {
		t.Errorf("%v phones were registered at once, want %d", most, 2*phonesOfEach)
	}
	// What was used by calls is given back, and every call has its record. The run-time collects an idle heap every two
	// minutes; its next goal tells what was alive then.
	over := float64(time.Now().Unix())
	var after map[string]float64
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(2 * time.Second) {
		after = figures(t, s, names...)
		if after["tandem_half_calls"] == 0 && after["go_goroutines"] < before["go_goroutines"]+routinesLeft &&
			after["go_memstats_last_gc_time_seconds"] > over+5 {
			break
		}
		if time.Now().After(end) {
			t.Errorf("left after the load: %v half-calls, %v goroutines (before %v)", after["tandem_half_calls"], after["go_goroutines"], before["go_goroutines"])
			break
		}
	}
	if grown := alive(after) - alive(before); grown > memoryAllowed {
		t.Errorf("%.0f MiB more are alive than before", grown/(1<<20))
	}
	if after["tandem_calls_flooded"] != 0 || after["tandem_calls_refused"] != 0 {
		t.Errorf("calls ended by floods: %v, refused: %v", after["tandem_calls_flooded"], after["tandem_calls_refused"])
	}
	records, err := s.Client.Records(ctx, client.RecordQuery{Since: began.Add(-time.Minute), Limit: 100000})
	if err != nil {
		t.Fatal(err)
	}
	ended := 0
	for _, r := range records {
		if r.Ended != nil {
			ended++
		}
	}
	if ended != made {
		t.Errorf("%d calls were made, %d records were written", made, ended)
	}
	t.Logf("%d calls in %v, %d records; goroutines %v, then %v; alive %.0f MiB, then %.0f MiB", made, time.Since(began).Round(time.Second), ended,
		before["go_goroutines"], after["go_goroutines"], alive(before)/(1<<20), alive(after)/(1<<20))
}
