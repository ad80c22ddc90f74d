// Package locale knows the languages and tone countries of phones, and which files phones fetch for them.
//
// English (United States) is built into every phone: its files need not exist, and a phone that is told "not found" at once
// shows its own texts and plays its own tones (sccp.md 5.6). Files of other locales are in the manufacturer's own formats;
// they are added under their own names, and Missing tells which of them a phone would not find.
package locale

import (
	"strings"

	"tandem/telephony"
)

// Locale is one language with what a configuration file says of it.
type Locale struct {
	Name     telephony.LocaleName // also its directory
	LangCode string
	Charset  string // for phones without Unicode
}

// English is in every phone.
const English telephony.LocaleName = "English_United_States"

// UnitedStates is the country whose tones are in every phone.
const UnitedStates telephony.LocaleName = "United_States"

var locales = []Locale{
	{English, "en_US", "iso-8859-1"},
	{"English_United_Kingdom", "en_GB", "iso-8859-1"},
	{"Arabic_Arab_Emirates", "ar_AE", "utf-8"},
	{"Bulgarian_Bulgaria", "bg_BG", "windows-1251"},
	{"Catalan_Spain", "ca_ES", "iso-8859-1"},
	{"Chinese_China", "zh_CN", "utf-8"},
	{"Chinese_Taiwan", "zh_TW", "utf-8"},
	{"Croatian_Croatia", "hr_HR", "iso-8859-2"},
	{"Czech_Czech_Republic", "cs_CZ", "iso-8859-2"},
	{"Danish_Denmark", "da_DK", "iso-8859-1"},
	{"Dutch_Netherlands", "nl_NL", "iso-8859-1"},
	{"Finnish_Finland", "fi_FI", "iso-8859-1"},
	{"French_Canada", "fr_CA", "iso-8859-1"},
	{"French_France", "fr_FR", "iso-8859-1"},
	{"German_Germany", "de_DE", "iso-8859-1"},
	{"Greek_Greece", "el_GR", "iso-8859-7"},
	{"Hebrew_Israel", "he_IL", "utf-8"},
	{"Hungarian_Hungary", "hu_HU", "iso-8859-2"},
	{"Italian_Italy", "it_IT", "iso-8859-1"},
	{"Japanese_Japan", "ja_JP", "utf-8"},
	{"Korean_Korea_Republic", "ko_KR", "utf-8"},
	{"Norwegian_Norway", "no_NO", "iso-8859-1"},
	{"Polish_Poland", "pl_PL", "iso-8859-2"},
	{"Portuguese_Brazil", "pt_BR", "iso-8859-1"},
	{"Portuguese_Portugal", "pt_PT", "iso-8859-1"},
	{"Romanian_Romania", "ro_RO", "iso-8859-2"},
	{"Russian_Russian_Federation", "ru_RU", "windows-1251"},
	{"Serbian_Republic_of_Serbia", "sr_RS", "windows-1251"},
	{"Slovak_Slovakia", "sk_SK", "iso-8859-2"},
	{"Slovenian_Slovenia", "sl_SI", "iso-8859-2"},
	{"Spanish_Spain", "es_ES", "iso-8859-1"},
	{"Swedish_Sweden", "sv_SE", "iso-8859-1"},
	{"Turkish_Turkey", "tr_TR", "iso-8859-9"},
}

// Find returns the locale of a name. An unknown one is taken as it is, with the English code: its files decide.
func Find(name telephony.LocaleName) Locale {
	if name == "" {
		return locales[0]
	}
	for _, l := range locales {
		if strings.EqualFold(string(l.Name), string(name)) {
			return l
		}
	}
	return Locale{name, "en_US", "iso-8859-1"}
}

// All lists the known locales, English first.
func All() []Locale { return append([]Locale(nil), locales...) }

// Country returns the name of the tones of a network locale; "" means those of the United States.
func Country(name telephony.LocaleName) telephony.LocaleName {
	if name == "" {
		return UnitedStates
	}
	return name
}

// Missing lists the locales that a phone is told of but whose files nobody has added: it will ask in vain and stay with
// its own English and its own tones, which are never missing. has reports whether a directory holds any file.
func Missing(user, network telephony.LocaleName, has func(directory string) bool) []telephony.LocaleName {
	var missing []telephony.LocaleName
	if user != "" && user != English && !has(string(user)) {
		missing = append(missing, user)
	}
	if network != "" && network != UnitedStates && !has(string(network)) {
		missing = append(missing, network)
	}
	return missing
}

// IsFile reports whether a name has the form of a file of a locale: directory and one of the names of sccp.md 5.6.
func IsFile(name string) bool {
	directory, file, ok := strings.Cut(name, "/")
	if !ok || directory == "" || strings.Contains(file, "/") {
		return false
	}
	file = strings.ToLower(file)
	for _, ending := range []string{"-sccp.jar", "-sip.jar", "-dictionary.xml", "-dictionary-ext.xml", "-dictionary.utf-8.xml", "-font.xml", "-kate.xml", "-tones.xml"} {
		if strings.HasSuffix(file, ending) {
			return true
		}
	}
	return false
}
