package confdb

import (
	"sort"
	"testing"

	"tandem/confdb/schema"
	"tandem/telephony"
)

// What is written by hand for the frequent kinds finds what the descriptions find.
func TestReferencesByHandAndByDescription(t *testing.T) {
	forward := func(css telephony.CallingSearchSpaceName) *telephony.Forward {
		return &telephony.Forward{Destination: "1", CallingSearchSpace: css}
	}
	for _, o := range []telephony.Object{
		&telephony.DirectoryNumber{Pattern: "1", Partition: "p", CallingSearchSpace: "c", ForwardAll: forward("a"), ForwardBusy: forward("b"),
			ForwardNoAnswer: forward("n"), ForwardUnregistered: forward("u")},
		&telephony.DirectoryNumber{Pattern: "1"},
		&telephony.Phone{Name: "x", Product: "pr", DevicePool: "dp", Location: "l", CallingSearchSpace: "c", ButtonTemplate: "b", SoftkeyTemplate: "s",
			Owner: "o", DigestUser: "d", Lines: []telephony.LineAppearance{{DirectoryNumber: "1", Partition: "p"}, {DirectoryNumber: "2"}}},
	} {
		var byHand, described []string
		references(o, func(r reference) { byHand = append(byHand, r.path()+" "+string(r.to.kind)+" "+r.to.key) })
		fieldReferences(schema.Of(o.Kind()).Fields, schema.Struct(o), func(r reference) {
			described = append(described, r.path()+" "+string(r.to.kind)+" "+r.to.key)
		})
		sort.Strings(byHand)
		sort.Strings(described)
		if len(byHand) != len(described) {
			t.Fatalf("%v\n%v", byHand, described)
		}
		for i := range byHand {
			if byHand[i] != described[i] {
				t.Errorf("%s, described as %s", byHand[i], described[i])
			}
		}
	}
	if len(schema.Of(telephony.KindPhone).Fields) == 0 {
		t.Error("nothing is described")
	}
}
