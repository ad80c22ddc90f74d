package replica

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/confdb"
	"tandem/telephony"
)

// The tests below run this test binary again as a server that is killed, or whose disk is full. TestMain turns it into one.
const childVariable = "TANDEM_REPLICA_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "":
		os.Exit(m.Run())
	case "writer":
		writerChild(os.Args[1])
	case "server":
		serverChild(os.Args[1], os.Args[2], os.Args[3])
	case "full":
		fullDiskChild(os.Args[1])
	}
}

// killWriters is how many writers the killed server has.
const killWriters = 8

// writerChild writes without end and says each write before and after it.
func writerChild(directory string) {
	s, err := openSite(directory, true, nil)
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	var say sync.Mutex
	var all sync.WaitGroup
	run := time.Now().UnixNano()
	for w := range killWriters {
		all.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d-%d", run, w, i)
				say.Lock()
				fmt.Println("try", name)
				say.Unlock()
				// Two objects: a change of which a half is there would show.
				_, err := s.Apply(context.Background(), *new(confdb.ChangeSet).Put(partition(name), &telephony.CallingSearchSpace{
					Name: telephony.CallingSearchSpaceName(name), Partitions: []telephony.PartitionName{telephony.PartitionName(name)}}), confdb.Options{})
				if err != nil {
					fmt.Println("failed", err)
					os.Exit(1)
				}
				say.Lock()
				fmt.Println("ack", name)
				say.Unlock()
			}
		})
	}
	all.Wait()
}

// killRounds kills a writing server again and again. After each kill everything that was acknowledged is there, nothing that was not
// tried, no change by halves, and the store takes writes.
func killRounds(t *testing.T, rounds int) {
	directory := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	tried, acknowledged := map[string]bool{}, map[string]bool{}
	for round := range rounds {
		child := exec.Command(os.Args[0], directory)
		child.Env = append(os.Environ(), childVariable+"=writer")
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		deadline := time.AfterFunc(30*time.Second, func() { _ = child.Process.Kill() })
		lines := bufio.NewScanner(out)
		acks := 0
		after := 1 + random.IntN(60) // acknowledgements, then a random moment
		for lines.Scan() {
			word, name, _ := strings.Cut(lines.Text(), " ")
			switch word {
			case "try":
				tried[name] = true
			case "ack":
				acknowledged[name] = true
				if acks++; acks == after {
					time.AfterFunc(time.Duration(random.IntN(3000))*time.Microsecond, func() { _ = child.Process.Kill() })
				}
			default:
				t.Errorf("round %d: %s", round, lines.Text())
			}
		}
		deadline.Stop()
		_ = child.Wait()
		if acks < after {
			t.Fatalf("round %d: the server ended by itself after %d writes", round, acks)
		}
		if round%3 != 2 && round != rounds-1 {
			continue // the next child opens what this one left
		}
		s := mustOpen(t, directory, false).ready(t)
		snapshot := s.Snapshot()
		for name := range acknowledged {
			if snapshot.Partition(telephony.PartitionName(name)) == nil || snapshot.CallingSearchSpace(telephony.CallingSearchSpaceName(name)) == nil {
				t.Fatalf("round %d: the acknowledged write %s is lost", round, name)
			}
		}
		for _, o := range snapshot.Objects(telephony.KindPartition) {
			if !tried[o.Key()] {
				t.Errorf("round %d: %s was never written", round, o.Key())
			}
			if snapshot.CallingSearchSpace(telephony.CallingSearchSpaceName(o.Key())) == nil {
				t.Errorf("round %d: of %s only a half is there", round, o.Key())
			}
		}
		if len(s.reports) > 0 {
			t.Errorf("round %d: reported %v", round, s.reports[0])
		}
		s.put(t, partition("parent"))
		if _, err := s.Delete(t.Context(), telephony.KindPartition, "parent", confdb.Options{}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d rounds, %d writes tried, %d acknowledged", rounds, len(tried), len(acknowledged))
}

func TestT16_AcknowledgedWritesSurviveKill(t *testing.T) { killRounds(t, 10) }
