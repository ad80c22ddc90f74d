package cnf

import (
	"sync"
	"time"
)

// zone pairs the name that phones use for a time zone with a place that keeps that time. The names must be exact: with an
// unknown one a phone is an hour off, or on GMT.
type zone struct {
	cisco string
	place string // IANA name
	short string // what SIP loads of the 7940 and 7960 call it, with summerRule; "" if they have no name for it
	rule  summerRule
}

// summerRule is when the clock changes, for loads that have no table of zones.
type summerRule uint8

const (
	noSummer summerRule = iota
	europe              // last Sunday of March to last Sunday of October
	america             // second Sunday of March to first Sunday of November
)

var zones = []zone{
	{"Dateline Standard Time", "Etc/GMT+12", "", noSummer},
	{"Samoa Standard Time", "Pacific/Pago_Pago", "", noSummer},
	{"Hawaiian Standard Time", "Pacific/Honolulu", "", noSummer},
	{"Alaskan Standard/Daylight Time", "America/Anchorage", "", america},
	{"Pacific Standard/Daylight Time", "America/Los_Angeles", "PST", america},
	{"Mountain Standard/Daylight Time", "America/Denver", "MST", america},
	{"US Mountain Standard Time", "America/Phoenix", "MST", noSummer},
	{"Central Standard/Daylight Time", "America/Chicago", "CST", america},
	{"Canada Central Standard Time", "America/Regina", "CST", noSummer},
	{"SA Pacific Standard Time", "America/Bogota", "EST", noSummer},
	{"Eastern Standard/Daylight Time", "America/New_York", "EST", america},
	{"US Eastern Standard Time", "America/Panama", "EST", noSummer},
	{"Atlantic Standard/Daylight Time", "America/Halifax", "AST", america},
	{"SA Western Standard Time", "America/La_Paz", "AST", noSummer},
	{"Newfoundland Standard/Daylight Time", "America/St_Johns", "", america},
	{"SA Eastern Standard Time", "America/Argentina/Buenos_Aires", "", noSummer},
	{"Azores Standard/Daylight Time", "Atlantic/Azores", "", europe},
	{"GMT Standard/Daylight Time", "Europe/London", "GMT", europe},
	{"Greenwich Standard Time", "Africa/Abidjan", "GMT", noSummer},
	{"W. Europe Standard/Daylight Time", "Europe/Berlin", "CET", europe},
	{"GTB Standard/Daylight Time", "Europe/Athens", "EET", europe},
	{"E. Europe Standard/Daylight Time", "Europe/Bucharest", "EET", europe},
	{"Romance Standard/Daylight Time", "Europe/Paris", "CET", europe},
	{"Central Europe Standard/Daylight Time", "Europe/Warsaw", "CET", europe},
	{"South Africa Standard Time", "Africa/Johannesburg", "EET", noSummer},
	{"Jerusalem Standard/Daylight Time", "Asia/Jerusalem", "", noSummer},
	{"Saudi Arabia Standard Time", "Asia/Riyadh", "", noSummer},
	{"Arabian Standard Time", "Asia/Dubai", "", noSummer},
	{"Afghanistan Standard Time", "Asia/Kabul", "", noSummer},
	{"West Asia Standard Time", "Asia/Karachi", "", noSummer},
	{"India Standard Time", "Asia/Kolkata", "", noSummer},
	{"Central Asia Standard Time", "Asia/Dhaka", "", noSummer},
	{"SE Asia Standard Time", "Asia/Bangkok", "", noSummer},
	{"China Standard/Daylight Time", "Asia/Shanghai", "", noSummer},
	{"Taipei Standard Time", "Asia/Taipei", "", noSummer},
	{"Tokyo Standard Time", "Asia/Tokyo", "JST", noSummer},
	{"Cen. Australia Standard/Daylight Time", "Australia/Adelaide", "", noSummer},
	{"AUS Central Standard Time", "Australia/Darwin", "", noSummer},
	{"E. Australia Standard Time", "Australia/Brisbane", "", noSummer},
	{"AUS Eastern Standard/Daylight Time", "Australia/Sydney", "", noSummer},
	{"Tasmania Standard/Daylight Time", "Australia/Hobart", "", noSummer},
	{"West Pacific Standard Time", "Pacific/Port_Moresby", "", noSummer},
	{"Central Pacific Standard Time", "Pacific/Guadalcanal", "", noSummer},
	{"Fiji Standard Time", "Pacific/Fiji", "", noSummer},
	{"New Zealand Standard/Daylight Time", "Pacific/Auckland", "", noSummer},
}

// offsets are the hours of a zone in seconds east of Greenwich, in January and in July.
type offsets struct{ winter, summer int }

func offsetsOf(place string) (offsets, bool) {
	location, err := time.LoadLocation(place)
	if err != nil {
		return offsets{}, false
	}
	const year = 2026 // any year after the last change of rules that the phones know
	_, winter := time.Date(year, 1, 15, 12, 0, 0, 0, time.UTC).In(location).Zone()
	_, summer := time.Date(year, 7, 15, 12, 0, 0, 0, time.UTC).In(location).Zone()
	return offsets{winter, summer}, true
}

var byOffsets = sync.OnceValue(func() map[offsets]zone {
	m := map[offsets]zone{}
	for _, z := range zones {
		if o, ok := offsetsOf(z.place); ok {
			if _, taken := m[o]; !taken {
				m[o] = z
			}
		}
	}
	return m
})

// zoneOf finds the phones' zone for a place: its own, or the first that keeps the same hours in winter and summer. A place
// whose hours no phone knows gets Greenwich without summer time, which is visibly wrong rather than an hour off.
func zoneOf(place string) zone {
	for _, z := range zones {
		if z.place == place {
			return z
		}
	}
	if o, ok := offsetsOf(place); ok {
		if z, ok := byOffsets()[o]; ok {
			return z
		}
	}
	return zone{"Greenwich Standard Time", "Africa/Abidjan", "GMT", noSummer}
}

// ZoneName returns the name of the zone of a place (an IANA name such as Europe/Berlin) as phones know it.
func ZoneName(place string) string { return zoneOf(place).cisco }

// KnownZone reports whether phones have a zone that keeps the hours of the place.
func KnownZone(place string) bool {
	z := zoneOf(place)
	a, ok := offsetsOf(place)
	b, _ := offsetsOf(z.place)
	return z.place == place || ok && a == b
}
