// Package parameter is the catalogue of service and enterprise parameters: name, scope, default, bounds, suggested
// value, unit and one line of explanation for each, and Values, which answers what holds on one server.
//
// Values that differ from the defaults are objects of the configuration (telephony.ServiceParameter and
// telephony.EnterpriseParameter); storing them belongs to confdb.
package parameter

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"tandem/telephony"
)

// Name names a parameter. Names are unique across services, so that one name finds one parameter.
type Name string

// Type is what a parameter's value is.
type Type string

// The types.
const (
	Boolean Type = "boolean" // true or false
	Integer Type = "integer" // a whole number, in Unit
	Text    Type = "text"    // any text of at most Maximum bytes
	Choice  Type = "choice"  // one of Choices
)

// Units of whole numbers. Values.Duration understands those of time.
const (
	Milliseconds = "ms"
	Seconds      = "s"
	Minutes      = "min"
)

// Parameter describes one parameter.
type Parameter struct {
	Name        Name
	Service     telephony.ServiceName // "" for enterprise parameters
	Type        Type
	Default     string
	Minimum     int64 // of whole numbers; of texts the fewest bytes
	Maximum     int64
	Suggested   string // what suits most sites; "" means the default
	Unit        string
	Choices     []string
	Explanation string
}

// Enterprise reports whether the parameter belongs to the whole cluster.
func (p *Parameter) Enterprise() bool { return p.Service == "" }

// Range describes the permitted values in words: "a whole number from 3000 to 75000 ms".
func (p *Parameter) Range() string {
	switch p.Type {
	case Boolean:
		return "true or false"
	case Integer:
		text := fmt.Sprintf("a whole number from %d to %d", p.Minimum, p.Maximum)
		if p.Unit != "" {
			text += " " + p.Unit
		}
		return text
	case Choice:
		return "one of " + strings.Join(p.Choices, ", ")
	default:
		return fmt.Sprintf("a text of at most %d bytes", p.Maximum)
	}
}

// Check reports whether the value is permitted.
func (p *Parameter) Check(value string) bool {
	switch p.Type {
	case Boolean:
		return value == "true" || value == "false"
	case Integer:
		n, err := strconv.ParseInt(value, 10, 64)
		return err == nil && n >= p.Minimum && n <= p.Maximum && strconv.FormatInt(n, 10) == value
	case Choice:
		for _, c := range p.Choices {
			if c == value {
				return true
			}
		}
		return false
	default:
		return int64(len(value)) >= p.Minimum && int64(len(value)) <= p.Maximum && !strings.ContainsAny(value, "\x00\r\n")
	}
}

var (
	byName = map[Name]*Parameter{}
	byFold = map[string]*Parameter{}
)

func init() {
	for i := range catalogue {
		p := &catalogue[i]
		byName[p.Name] = p
		byFold[strings.ToLower(string(p.Name))] = p
	}
}

// Catalogue lists every parameter, enterprise ones first, then by service. The list is not to be changed.
func Catalogue() []Parameter { return catalogue }

// Lookup finds a parameter by its name in any capitalisation.
func Lookup(name string) (*Parameter, bool) {
	p, ok := byFold[strings.ToLower(name)]
	return p, ok
}

// Source tells where a value comes from.
type Source string

// The sources, from the most particular to the least.
const (
	FromServer  Source = "server"  // set for this server
	FromCluster Source = "cluster" // set for all servers
	FromDefault Source = "default"
)

type value struct {
	text   string
	number int64
	truth  bool
	source Source
}

// Values are the parameters in force on one server: immutable, and read without parsing.
type Values struct {
	set map[Name]value
}

// NewValues compiles the values in force on a server from what is configured. Values of other servers, unknown names and
// values that are not permitted are passed over: confdb refuses the latter two, a newer version may know them.
func NewValues(server telephony.ServerName, service []*telephony.ServiceParameter, enterprise []*telephony.EnterpriseParameter) *Values {
	v := &Values{set: make(map[Name]value, len(catalogue))}
	for i := range catalogue {
		v.put(&catalogue[i], catalogue[i].Default, FromDefault)
	}
	for _, e := range enterprise {
		if p, ok := Lookup(e.Name); ok && p.Enterprise() && p.Check(e.Value) {
			v.put(p, e.Value, FromCluster)
		}
	}
	for _, from := range []Source{FromCluster, FromServer} {
		for _, s := range service {
			p, ok := Lookup(s.Name)
			if !ok || p.Service != s.Service || !p.Check(s.Value) {
				continue
			}
			if (from == FromCluster && s.Server == "") || (from == FromServer && s.Server != "" && s.Server == server) {
				v.put(p, s.Value, from)
			}
		}
	}
	return v
}

// Defaults are the values of a server on which nothing is configured.
func Defaults() *Values { return NewValues("", nil, nil) }

func (v *Values) put(p *Parameter, text string, source Source) {
	val := value{text: text, truth: text == "true", source: source}
	if p.Type == Integer {
		val.number, _ = strconv.ParseInt(text, 10, 64)
	}
	v.set[p.Name] = val
}

// Text returns the value as it is written.
func (v *Values) Text(name Name) string { return v.set[name].text }

// Source tells where the value comes from.
func (v *Values) Source(name Name) Source { return v.set[name].source }

// Bool returns a boolean parameter's value; false for any other type.
func (v *Values) Bool(name Name) bool { return v.set[name].truth }

// Int returns a whole number in the parameter's own unit; 0 for any other type.
func (v *Values) Int(name Name) int {
	n := v.set[name].number
	if n > math.MaxInt {
		return math.MaxInt
	}
	return int(n)
}

// Duration returns a whole number whose unit is a time; 0 for any other.
func (v *Values) Duration(name Name) time.Duration {
	p := byName[name]
	if p == nil {
		return 0
	}
	n := time.Duration(v.set[name].number)
	switch p.Unit {
	case Milliseconds:
		return n * time.Millisecond
	case Seconds:
		return n * time.Second
	case Minutes:
		return n * time.Minute
	}
	return 0
}
