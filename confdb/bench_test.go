package confdb_test

import (
	"context"
	"fmt"
	"testing"

	"tandem/confdb"
	"tandem/telephony"
)

func largeSite(b *testing.B, phones int) *confdb.Store {
	b.Helper()
	objects := []telephony.Object{
		&telephony.Server{Name: "cm1"}, &telephony.CallManagerGroup{Name: "g", Members: []telephony.ServerName{"cm1"}},
		&telephony.Region{Name: "r"}, &telephony.DateTimeGroup{Name: "d", TimeZone: "Europe/Berlin"}, &telephony.Partition{Name: "internal"},
		&telephony.DevicePool{Name: "HQ", CallManagerGroup: "g", Region: "r", DateTimeGroup: "d"},
	}
	for i := range phones {
		n := telephony.Pattern(fmt.Sprintf("%05d", i))
		objects = append(objects, &telephony.DirectoryNumber{Pattern: n, Partition: "internal"},
			&telephony.Phone{Name: telephony.DeviceName("SEP0000000" + n), Protocol: "SCCP", Product: "Cisco 7960", DevicePool: "HQ",
				Lines: []telephony.LineAppearance{{DirectoryNumber: n, Partition: "internal"}}})
	}
	return confdb.NewMemory(objects...)
}

// One phone among 10,000 changes: check, difference, next snapshot.
func BenchmarkOneChangeAmongTenThousandPhones(b *testing.B) {
	s := largeSite(b, 10_000)
	i := 0
	for b.Loop() {
		i++
		p := *s.Snapshot().Phone("SEP000000000042")
		p.Description = fmt.Sprint(i)
		if _, err := s.Apply(context.Background(), *new(confdb.ChangeSet).Put(&p), confdb.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// One phone among 10,000 is deleted and made again: its dependents are looked for.
func BenchmarkOneDeletionAmongTenThousandPhones(b *testing.B) {
	s := largeSite(b, 10_000)
	p := s.Snapshot().Phone("SEP000000000042")
	for b.Loop() {
		if _, err := s.Delete(context.Background(), telephony.KindPhone, p.Key(), confdb.Options{}); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Apply(context.Background(), *new(confdb.ChangeSet).Put(p), confdb.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// A partition is deleted, which 10,000 phones and numbers might name.
func BenchmarkPartitionDeletionAmongTenThousandPhones(b *testing.B) {
	s := largeSite(b, 10_000)
	for b.Loop() {
		if _, err := s.Apply(context.Background(), *new(confdb.ChangeSet).Put(&telephony.Partition{Name: "x"}), confdb.Options{}); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Delete(context.Background(), telephony.KindPartition, "x", confdb.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	s := largeSite(b, 10_000).Snapshot()
	key := telephony.LineKey{Pattern: "00042", Partition: "internal"}
	b.ReportAllocs()
	for b.Loop() {
		if len(s.Appearances(key)) != 1 {
			b.Fatal("not found")
		}
	}
}
