package locale

import (
	"reflect"
	"testing"

	"tandem/telephony"
)

func TestFind(t *testing.T) {
	for name, want := range map[telephony.LocaleName]Locale{
		"":                      {English, "en_US", "iso-8859-1"},
		"english_united_states": {English, "en_US", "iso-8859-1"},
		"German_Germany":        {"German_Germany", "de_DE", "iso-8859-1"},
		"Klingon_Empire":        {"Klingon_Empire", "en_US", "iso-8859-1"},
	} {
		if got := Find(name); got != want {
			t.Errorf("%q: %+v", name, got)
		}
	}
	if Country("") != UnitedStates || Country("Germany") != "Germany" || All()[0].Name != English {
		t.Error("Country, All")
	}
}

func TestMissing(t *testing.T) {
	german := func(directory string) bool { return directory == "German_Germany" }
	for _, c := range []struct {
		user, network telephony.LocaleName
		want          []telephony.LocaleName
	}{
		{"", "", nil}, {English, UnitedStates, nil}, {"German_Germany", UnitedStates, nil}, {"German_Germany", "Germany", []telephony.LocaleName{"Germany"}},
		{"French_France", "France", []telephony.LocaleName{"French_France", "France"}},
	} {
		if got := Missing(c.user, c.network, german); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s, %s: %v", c.user, c.network, got)
		}
	}
}

func TestIsFile(t *testing.T) {
	for name, want := range map[string]bool{
		"English_United_States/mk-sccp.jar": true, "German_Germany/7960-dictionary.xml": true, "Germany/g3-tones.xml": true,
		"Germany/x/g3-tones.xml": false, "/g3-tones.xml": false, "g3-tones.xml": false, "Germany/passwd": false,
	} {
		if IsFile(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
