package bulk_test

import (
	"errors"
	"strings"
	"testing"

	"tandem/confdb"
	"tandem/confdb/bulk"
	"tandem/fault"
	"tandem/telephony"
)

// What the cluster keeps for itself is neither exported, not even with secrets, nor taken from a site file.
func TestClusterKindsStayInside(t *testing.T) {
	s := confdb.NewMemory(&telephony.Server{Name: "cm1"},
		&telephony.Member{Identity: strings.Repeat("1f", 16), Node: 1, Server: "cm1"},
		&telephony.ClusterAuthority{Fingerprint: strings.Repeat("2e", 32), WrappedKey: telephony.NewSecret("wrapped")})
	for _, o := range []bulk.Options{{Secrets: true}, {Secrets: true, Kinds: []telephony.Kind{telephony.KindMember, telephony.KindClusterAuthority}}} {
		text, err := bulk.Encode(s.Snapshot(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, hidden := range []string{"members", "1f1f", "2e2e", "wrapped"} {
			if strings.Contains(string(text), hidden) {
				t.Errorf("the export holds %s:\n%s", hidden, text)
			}
		}
	}
	for _, file := range []string{"members: []", "members:\n- identity: x\n", "clusterAuthorities:\n- fingerprint: x\n"} {
		_, err := bulk.Decode("site.yaml", []byte(file))
		if !errors.Is(err, fault.KindUnknown) || strings.Contains(err.Error(), "members,") {
			t.Errorf("%q: %v", file, err)
		}
	}
	if _, err := bulk.DecodeObject("the API", telephony.KindMember, []byte("{}")); !errors.Is(err, fault.KindUnknown) {
		t.Error(err)
	}
}
