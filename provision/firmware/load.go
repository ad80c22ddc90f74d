package firmware

import (
	"bytes"
	"slices"
	"strings"

	"tandem/fault"
	"tandem/telephony"
)

// endings are what a phone may put behind the name of a load to ask for its first file (sccp.md 5.6).
var endings = []string{".loads", ".LOADS", ".bin", ".sbn", ".SBN", ".sbin", ".zup", ".zz.sgn", ""}

// FileNames lists the names under which a phone may ask for the first file of a load.
func FileNames(load telephony.LoadName) []string {
	names := make([]string, 0, len(endings)+1)
	for _, e := range endings {
		names = append(names, string(load)+e)
	}
	if rest, ok := strings.CutPrefix(string(load), "P0S3-"); ok { // the SIP loads of the 7940 and 7960
		names = append(names, "P003-"+rest+".bin")
	}
	return names
}

// Present reports whether the first file of a load is there.
func Present(load telephony.LoadName, has func(name string) bool) bool {
	return slices.ContainsFunc(FileNames(load), has)
}

// maximumParts bounds what Parts returns. The largest loads have a dozen parts.
const maximumParts = 64

// Parts reads the names of the other files of a load from its .loads file, in which they stand as text among other octets.
func Parts(loads []byte) []string {
	var parts []string
	for _, word := range bytes.FieldsFunc(loads, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"',;=<>`, r) }) {
		name := string(word)
		if len(name) > 64 || len(parts) == maximumParts || slices.Contains(parts, name) {
			continue
		}
		for _, e := range []string{".sbn", ".SBN", ".bin", ".sb2", ".sgn", ".rom", ".jar", ".zz"} {
			if strings.HasSuffix(name, e) && CheckName(name) == "" {
				parts = append(parts, name)
				break
			}
		}
	}
	return parts
}

// MaximumName bounds a file's name, folders included, in octets.
const MaximumName = 128

// CheckName says in words what is wrong with the name of a file, or "". The name is exact: nothing before or behind
// it, nothing that a phone could not ask for.
func CheckName(name string) string {
	switch {
	case name == "":
		return "The file has no name"
	case len(name) > MaximumName:
		return "The name is longer than 128 characters"
	case strings.Count(name, "/") > 2:
		return "The name has more than two folders"
	}
	for _, r := range name {
		if r <= ' ' || r > '~' || strings.ContainsRune(`\:*?"<>|%`, r) {
			return "The name holds a blank or a character that phones do not ask for"
		}
	}
	for _, part := range strings.Split(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") {
			return "The name has an empty part, or one that begins with a dot"
		}
	}
	lower := strings.ToLower(name)
	for _, own := range []string{"sep", "sip", "ctl", "itl", "xmldefault", "os79xx", "dialplan.xml"} {
		if strings.HasPrefix(lower, own) && (strings.Contains(lower, ".cnf") || strings.HasSuffix(lower, ".tlv") || own == "os79xx" || own == "dialplan.xml") {
			return "The name belongs to a file that the server writes itself"
		}
	}
	return ""
}

// Check is CheckName as a fault for the person who adds the file.
func Check(name string) error {
	if problem := CheckName(name); problem != "" {
		return fault.New(fault.FirmwareInvalid, "file", name, "problem", problem)
	}
	return nil
}

// CheckRing says in words what is wrong with the content of a ring, or "": raw mu-law of 8 kHz, 240 to 16,080 samples in
// steps of 240 (sccp.md 5.6).
func CheckRing(size int64) string {
	if size < 240 || size > 16080 || size%240 != 0 {
		return "A ring has 240 to 16,080 bytes of raw mu-law, in steps of 240"
	}
	return ""
}
