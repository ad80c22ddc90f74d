package cdr

import "strings"

// payloads maps registered codec names to the payloadCapability of records, which is the media payload type of SCCP
// (sccp.md 3.2). The first name listed for a number is the one that reading gives back.
var payloads = []struct {
	name       string
	capability int64
}{
	{"PCMA", 2}, {"PCMU", 4}, {"G722", 6}, {"G723", 9}, {"G728", 10}, {"G729", 11}, {"G729A", 12}, {"G729B", 15},
	{"G729AB", 16}, {"GSM", 18}, {"GSM-HR-08", 19}, {"GSM-EFR", 20}, {"L16", 25}, {"G7221", 40}, {"MPEG4-GENERIC", 42},
	{"MP4A-LATM", 43}, {"G726-32", 82}, {"G726-24", 83}, {"G726-16", 84}, {"iLBC", 86}, {"iSAC", 89}, {"opus", 90},
	{"AMR", 97}, {"AMR-WB", 98}, {"H261", 100}, {"H263", 101}, {"H263-1998", 102}, {"H264", 103}, {"H264-SVC", 104},
	{"t38", 107}, {"H265", 109}, {"CLEARMODE", 32}, {"H263-2000", 102},
}

// nonstandard is the capability of a codec that has no number.
const nonstandard = 1

func capability(name string) int64 {
	if name == "" {
		return 0
	}
	for i := range payloads {
		if strings.EqualFold(payloads[i].name, name) {
			return payloads[i].capability
		}
	}
	return nonstandard
}

func codecName(capability int64) string {
	for i := range payloads {
		if payloads[i].capability == capability {
			return payloads[i].name
		}
	}
	return ""
}
