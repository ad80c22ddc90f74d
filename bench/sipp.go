package main

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tandem/sim/lab"
	"tandem/sim/peer"
)

//go:embed scenario/*.xml
var scenarios embed.FS

// sipp is one run of SIPp.
type sipp struct {
	scenario string
	// list is the file from which each call takes its line.
	list string
	port int
	// rate of new calls a second, calls in all; both 0 for a scenario that waits for calls.
	rate, calls int
	// hold is how long a call is up.
	hold time.Duration
	// times asks for the time to ring of each call.
	times bool
}

// outcome is what came of a run.
type outcome struct {
	good, failed, retransmitted int
	took                        time.Duration
	ringing                     []float64 // milliseconds from INVITE to 180, sorted
}

// clean is what counts as a rate that is borne: below 0.1 % failed, below 1 % sent again.
func (o outcome) clean() bool {
	all := o.good + o.failed
	return all > 0 && o.failed*1000 < all && o.retransmitted*100 < all
}

func (o outcome) rate() float64 { return float64(o.good) / o.took.Seconds() }

// running is a SIPp that was started.
type running struct {
	command *exec.Cmd
	dir     string
	output  *bytes.Buffer
	began   time.Time
	done    chan error
}

// start starts a run against a platform, on the cores of the load.
func (b *bench) start(p *platform, x sipp) (*running, error) {
	program, err := peer.Find("sipp")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "sipp-")
	if err != nil {
		return nil, err
	}
	text, err := scenarios.ReadFile("scenario/" + x.scenario)
	if err != nil {
		return nil, err
	}
	text = bytes.ReplaceAll(text, []byte("HOLD"), []byte(strconv.FormatInt(x.hold.Milliseconds(), 10)))
	if err := os.WriteFile(filepath.Join(dir, x.scenario), text, 0o600); err != nil {
		return nil, err
	}
	line := append(lab.Pinned(1), program, p.address, "-sf", x.scenario, "-i", lab.Loopback, "-p", strconv.Itoa(x.port),
		"-buff_size", "4194304", "-nostdin", "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-max_socket", "50", "-nd", "-aa",
		"-timer_resol", "1", "-l", "100000")
	if x.list != "" {
		line = append(line, "-inf", x.list)
	}
	if x.calls > 0 {
		line = append(line, "-r", strconv.Itoa(x.rate), "-m", strconv.Itoa(x.calls), "-recv_timeout", "8000",
			"-timeout", fmt.Sprintf("%ds", 25+int(x.hold.Seconds())+x.calls/max(1, x.rate)))
	}
	if x.times {
		line = append(line, "-trace_rtt", "-rtt_freq", "1")
	}
	c := exec.Command(line[0], line[1:]...)
	c.Dir = dir
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	r := &running{command: c, dir: dir, output: &bytes.Buffer{}, began: time.Now(), done: make(chan error, 1)}
	c.Stdout, c.Stderr = r.output, r.output
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() { r.done <- c.Wait() }()
	return r, nil
}

// stop ends a SIPp that waits for calls.
func (r *running) stop() {
	_ = r.command.Process.Signal(syscall.SIGUSR1) // finish what is up, then end
	select {
	case <-r.done:
	case <-time.After(2 * time.Second):
		_ = r.command.Process.Kill()
		<-r.done
	}
}

// wait waits for the end of a run and reads what came of it.
func (r *running) wait() (outcome, error) {
	ended := <-r.done
	took := time.Since(r.began)
	var exit *exec.ExitError
	if ended != nil && (!errors.As(ended, &exit) || exit.ExitCode() > 1 && exit.ExitCode() != 97 && exit.ExitCode() != 99) {
		return outcome{}, fmt.Errorf("SIPp: %w\n%s", ended, r.output)
	}
	text, err := os.ReadFile(filepath.Join(r.dir, "stat.csv"))
	if err != nil {
		return outcome{}, fmt.Errorf("SIPp: %w\n%s", err, r.output)
	}
	o, err := readStatistics(text)
	if err != nil {
		return o, err
	}
	o.took = took
	found, _ := filepath.Glob(filepath.Join(r.dir, "*_rtt.csv"))
	for _, f := range found {
		o.ringing = append(o.ringing, readTimes(f)...)
	}
	slices.Sort(o.ringing)
	return o, nil
}

// readStatistics reads the last line of SIPp's statistics.
func readStatistics(text []byte) (o outcome, err error) {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) < 2 {
		return o, errors.New("SIPp wrote no statistics")
	}
	read := func(line string) ([]string, error) {
		r := csv.NewReader(strings.NewReader(line))
		r.Comma, r.LazyQuotes, r.FieldsPerRecord = ';', true, -1
		return r.Read()
	}
	names, err := read(lines[0])
	if err != nil {
		return o, err
	}
	values, err := read(lines[len(lines)-1])
	if err != nil {
		return o, err
	}
	value := func(name string) string {
		if i := slices.Index(names, name); i >= 0 && i < len(values) {
			return values[i]
		}
		return ""
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(value(name))
		return n
	}
	o.good, o.failed, o.retransmitted = number("SuccessfulCall(C)"), number("FailedCall(C)"), number("Retransmissions(C)")
	return o, nil
}

// readTimes reads the response times of a file of SIPp, in milliseconds.
func readTimes(file string) (times []float64) {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Split(lines.Text(), ";")
		if len(fields) < 2 {
			continue
		}
		if t, err := strconv.ParseFloat(fields[1], 64); err == nil {
			times = append(times, t)
		}
	}
	return times
}

// list writes the file from which SIPp takes users, one after the other: number, credentials, and a number to call.
func (b *bench) list(name string, from, n, call int) (string, error) {
	var text strings.Builder
	text.WriteString("SEQUENTIAL\n")
	for i := range n {
		fmt.Fprintf(&text, "%d;[authentication username=%d password=%s];%d\n", from+i, from+i, secret, call+i)
	}
	path := filepath.Join(b.dir, name)
	return path, os.WriteFile(path, []byte(text.String()), 0o600)
}

// run starts a run and waits for it.
func (b *bench) run(p *platform, x sipp) (outcome, error) {
	r, err := b.start(p, x)
	if err != nil {
		return outcome{}, err
	}
	return r.wait()
}

// search finds the highest rate that is borne cleanly: upwards by half until it is not, then between, then the median of
// further runs at it. unclean is the first rate that was too much, with what came of it.
func search(first, runs int, try func(rate int) (outcome, error)) (best float64, rate int, err error) {
	low, high := 0, 0
	for r := first; high == 0 && r < 64000; r = r * 3 / 2 {
		o, err := try(r)
		if err != nil {
			return 0, 0, err
		}
		if o.clean() && o.rate() > 0.9*float64(r) {
			low, best = r, o.rate()
		} else {
			high = r
		}
	}
	for range 2 {
		if low == 0 || high == 0 {
			break
		}
		middle := (low + high) / 2
		o, err := try(middle)
		if err != nil {
			return 0, 0, err
		}
		if o.clean() && o.rate() > 0.9*float64(middle) {
			low, best = middle, o.rate()
		} else {
			high = middle
		}
	}
	rates := []float64{best}
	for len(rates) < runs && low > 0 {
		o, err := try(low)
		if err != nil {
			return 0, 0, err
		}
		rates = append(rates, o.rate())
	}
	return median(rates), low, nil
}
