package fault

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Entry describes one kind of fault. Its texts may hold placeholders in braces, such as {port}.
type Entry struct {
	Code     Code
	Severity Severity
	Message  string // what happened: one or two sentences
	Reason   string // why
	Action   string // what the reader can do
	Status   int    // HTTP status when it answers a request; 0 means 500
}

func (e Entry) status() int {
	if e.Status == 0 {
		return http.StatusInternalServerError
	}
	return e.Status
}

// Placeholders returns the names in braces of all texts of the entry, each once, in the order in which they occur.
func (e Entry) Placeholders() []string {
	var names []string
	for _, text := range []string{e.Message, e.Reason, e.Action} {
		for _, name := range placeholders(text) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Area is a group of identifiers.
type Area struct {
	Letters string  // the three letters in the identifier
	About   string  // what the area covers
	Entries []Entry // its list, in the area's file
}

// Areas returns every area with its entries. Adding one: its file, and its line here.
func Areas() []Area {
	return []Area{
		{"API", "administration: the API, the command line's requests, permissions", administration},
		{"CAL", "call processing and the dial plan", call},
		{"CDR", "call records", record},
		{"CFG", "the configuration database and what is written to it", configuration},
		{"CLI", "the command line on this machine", command},
		{"CLU", "the cluster: joining, trust between servers, members, names", cluster},
		{"MED", "media", media},
		{"PRV", "provisioning: TFTP, HTTP, configuration files, firmware", provision},
		{"REG", "registration of devices, whatever their protocol", registration},
		{"SCC", "SCCP phones", sccp},
		{"SET", "first start, installation, upgrade", setup},
		{"SIP", "SIP phones and trunks", sip},
		{"SVC", "services, ports, disk, memory, clock of this server", service},
		{"USR", "what users change: forwarding, do not disturb, message lamps", userState},
	}
}

var index = sync.OnceValue(func() map[Code]Entry {
	m := make(map[Code]Entry)
	for _, area := range Areas() {
		for _, e := range area.Entries {
			m[e.Code] = e
		}
	}
	return m
})

// Lookup returns the entry of code. An identifier in small letters is found as well.
func Lookup(code Code) (Entry, bool) {
	if e, ok := index()[code]; ok {
		return e, true
	}
	e, ok := index()[Code(strings.ToUpper(string(code)))]
	return e, ok
}

// Catalogue returns all entries in the order of their identifiers.
func Catalogue() []Entry {
	var all []Entry
	for _, area := range Areas() {
		all = append(all, area.Entries...)
	}
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return all
}

// placeholders returns the names in braces in text.
func placeholders(text string) []string {
	var names []string
	for {
		_, after, ok := strings.Cut(text, "{")
		if !ok {
			return names
		}
		name, rest, ok := strings.Cut(after, "}")
		if !ok {
			return names
		}
		names = append(names, name)
		text = rest
	}
}

// arguments pairs names and values. A value without a name is kept under "?" so that it is not lost.
func arguments(err error, args []any) map[string]string {
	named := make(map[string]string, len(args)/2+1)
	if err != nil {
		named["cause"] = err.Error()
	}
	for i := 0; i < len(args); i += 2 {
		if i+1 == len(args) {
			named["?"] = fmt.Sprint(args[i])
			break
		}
		named[fmt.Sprint(args[i])] = fmt.Sprint(args[i+1])
	}
	return named
}

// fill replaces the placeholders of text whose name is known.
func fill(text string, named map[string]string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			b.WriteString("{" + after)
			return b.String()
		}
		if value, known := named[name]; known {
			b.WriteString(value)
		} else {
			b.WriteString("{" + name + "}")
		}
		text = rest
	}
}
