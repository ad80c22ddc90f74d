package bulk_test

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"tandem/confdb"
	"tandem/confdb/bulk"
	"tandem/telephony"
)

// randomObject makes an object that is right by itself; what it names may be missing.
func randomObject(t *rapid.T) telephony.Object {
	text := rapid.SampledFrom([]string{"", "Müller", "O'Hara", "yes", "null", "~", "0x1F", "1e3", "# no comment", "a: b", "- x", "\"q\"", "<script>", "%d {x}", "2001", "a\\b", "&a", "*a", "!t", "日本"})
	partition := rapid.SampledFrom([]telephony.PartitionName{"", "a", "no", "007"})
	css := rapid.SampledFrom([]telephony.CallingSearchSpaceName{"", "x", "y"})
	number := rapid.SampledFrom([]string{"2001", "2002", "0042", "*21", "1"})
	key := func() string { return number.Draw(t, "number") }
	forward := func() *telephony.Forward {
		if rapid.Bool().Draw(t, "forward") {
			return nil
		}
		return &telephony.Forward{Destination: telephony.Number(key()), CallingSearchSpace: css.Draw(t, "css"), Seconds: rapid.IntRange(0, 300).Draw(t, "seconds")}
	}
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		name := partition.Draw(t, "name")
		if name == "" {
			name = "b"
		}
		return &telephony.Partition{Name: name, Description: text.Draw(t, "description")}
	case 1:
		c := &telephony.CallingSearchSpace{Name: rapid.SampledFrom([]telephony.CallingSearchSpaceName{"x", "y"}).Draw(t, "name")}
		for _, p := range []telephony.PartitionName{"a", "no", "007"} {
			if rapid.Bool().Draw(t, "has") {
				c.Partitions = append(c.Partitions, p)
			}
		}
		return c
	case 2:
		return &telephony.DirectoryNumber{Pattern: telephony.Pattern(key()), Partition: partition.Draw(t, "p"), Display: text.Draw(t, "display"),
			CallingSearchSpace: css.Draw(t, "css"), ForwardBusy: forward(), ForwardNoAnswer: forward()}
	case 3:
		return &telephony.User{UserID: telephony.UserID("u" + key()), FirstName: text.Draw(t, "name"), DigestPassword: telephony.NewSecret(text.Draw(t, "secret"))}
	case 4:
		p := &telephony.Phone{Name: telephony.DeviceName(fmt.Sprintf("SIP%d", rapid.IntRange(0, 4).Draw(t, "name"))), Protocol: "SIP", Product: telephony.GenericSIPPhone,
			DevicePool: "HQ", Description: text.Draw(t, "description"), PhonePassword: telephony.NewSecret(text.Draw(t, "secret"))}
		for range rapid.IntRange(0, 2).Draw(t, "lines") {
			p.Lines = append(p.Lines, telephony.LineAppearance{DirectoryNumber: telephony.Pattern(key()), Partition: partition.Draw(t, "p"), Label: text.Draw(t, "label"), MaximumCalls: rapid.IntRange(0, 9).Draw(t, "calls")})
		}
		if rapid.Bool().Draw(t, "vendor") {
			p.VendorConfig = map[string]string{"webAccess": text.Draw(t, "web"), "no": text.Draw(t, "no")}
		}
		return p
	case 5:
		return &telephony.TranslationPattern{Pattern: telephony.Pattern(key() + "X"), Partition: partition.Draw(t, "p"), CallingSearchSpace: css.Draw(t, "css"), UrgentPriority: rapid.Bool().Draw(t, "urgent"),
			Transformations: telephony.Transformations{CalledPartyTransformMask: "20XX", CalledPartyPrefix: telephony.Number(key())}}
	default:
		return &telephony.EnterpriseParameter{Name: "URLIdle", Value: text.Draw(t, "value")}
	}
}

// Whatever a store holds: applying its export changes nothing, and a copy made from an export with secrets exports the same.
func TestApplyingAnyExportChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		basis := []telephony.Object{
			&telephony.Server{Name: "cm1"}, &telephony.CallManagerGroup{Name: "g", Members: []telephony.ServerName{"cm1"}}, &telephony.Region{Name: "r"},
			&telephony.DateTimeGroup{Name: "d", TimeZone: "UTC"},
			&telephony.DevicePool{Name: "HQ", CallManagerGroup: "g", Region: "r", DateTimeGroup: "d"},
		}
		s, fresh := confdb.NewMemory(basis...), confdb.NewMemory(basis...)
		defer s.Close()
		defer fresh.Close()
		for range rapid.IntRange(1, 25).Draw(t, "objects") {
			// What does not fit is refused; the test is about what is there in the end.
			_, _ = s.Apply(context.Background(), *new(confdb.ChangeSet).Put(randomObject(t)), confdb.Options{})
		}
		for _, secrets := range []bool{false, true} {
			out, err := bulk.Encode(s.Snapshot(), bulk.Options{Secrets: secrets})
			if err != nil {
				t.Fatal(err)
			}
			set, err := bulk.Decode("export", out)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			result, err := s.Apply(context.Background(), set, confdb.Options{})
			if err != nil || len(result.Items) != 0 {
				t.Fatalf("%+v, %v\n%s", result.Items, err, out)
			}
			if !secrets {
				continue
			}
			if _, err := fresh.Apply(context.Background(), set, confdb.Options{}); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if copied, err := bulk.Encode(fresh.Snapshot(), bulk.Options{Secrets: true}); err != nil || string(copied) != string(out) {
				t.Fatalf("%v\n%s\n%s", err, out, copied)
			}
		}
	})
}
