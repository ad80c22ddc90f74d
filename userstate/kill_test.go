package userstate_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/confdb"
	"tandem/telephony"
	"tandem/userstate"
)

// serveVariable makes this program a server that changes user state until it is killed.
const serveVariable = "TANDEM_TEST_USERSTATE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		changeForEver(dir)
	}
	os.Exit(m.Run())
}

func alone(dir string) (*userstate.Service, error) {
	return userstate.Open(userstate.Options{Directory: dir, Server: "cm1", Store: confdb.NewMemory(),
		Publisher: func() bool { return false }, Others: func() int { return 0 }})
}

// lines is how many lines the killed server changes in turn.
const lines = 5

func held(s *userstate.Service, line int) int {
	u := s.Pending(telephony.SettingForwardAll, fmt.Sprint(2000+line))
	if u == nil {
		return -1
	}
	n, _ := strconv.Atoi(u.Value)
	return n
}

func changeForEver(dir string) {
	s, err := alone(dir)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	first := 0
	for l := range lines {
		first = max(first, held(s, l)+1)
	}
	for n := first; ; n++ {
		if _, err := s.Set(context.Background(), telephony.UserState{Setting: telephony.SettingForwardAll,
			Subject: fmt.Sprint(2000 + n%lines), Value: fmt.Sprint(n), Actor: "SEP1"}); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

// TestT16_AcknowledgedSettingsSurviveKill kills a server again and again while it takes changes: each that it acknowledged is there
// afterwards, or a later one of the same line, and the journal does not grow with their number.
func TestT16_AcknowledgedSettingsSurviveKill(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	dir := t.TempDir()
	said := [lines]int{-1, -1, -1, -1, -1}
	total := 0
	for round := range rounds {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), serveVariable+"="+dir)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		in, left := bufio.NewScanner(out), 1+(round*137)%900 // acknowledgements until it dies, at an odd moment
		dead := time.AfterFunc(time.Minute, func() { _ = command.Process.Kill() })
		for in.Scan() {
			n, err := strconv.Atoi(in.Text())
			if err != nil {
				t.Error(in.Text())
				break
			}
			said[n%lines] = n
			total++
			if left--; left == 0 {
				_ = command.Process.Kill() // what it still says until it is dead counts, too
			}
		}
		_ = command.Process.Kill()
		_ = command.Wait()
		if !dead.Stop() || left > 0 {
			t.Fatalf("round %d: it took no changes", round)
		}
		s, err := alone(dir)
		if err != nil {
			t.Fatal(err)
		}
		for l, n := range said {
			if got := held(s, l); got < n {
				t.Errorf("round %d: line %d forwards to %d, acknowledged was %d", round, 2000+l, got, n)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 || strings.HasPrefix(entries[0].Name(), ".new") {
			t.Errorf("%v, left behind: %v", err, entries)
		}
	}
	t.Logf("%d changes were acknowledged", total)
}

// TestJournalStaysSmall: a setting that is changed a thousand times while there is no publisher takes one place.
func TestJournalStaysSmall(t *testing.T) {
	dir := t.TempDir()
	s, err := alone(dir)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3000 {
		if _, err := s.Set(context.Background(), telephony.UserState{Setting: telephony.SettingMessages, Subject: "2001", Value: fmt.Sprint(n), Actor: "SEP1"}); err != nil {
			t.Fatal(err)
		}
	}
	if s.Waiting() != 1 {
		t.Errorf("%d changes wait", s.Waiting())
	}
	if info, err := os.Stat(dir + "/userstate.journal"); err != nil || info.Size() > 300<<10 {
		t.Errorf("%v, the journal has %d bytes", err, info.Size())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if _, err := s.Set(context.Background(), telephony.UserState{Setting: telephony.SettingMessages, Subject: "2001"}); err == nil {
		t.Error("a closed service took a change")
	}
}
