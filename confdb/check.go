package confdb

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones are known on machines without a zone database
	"unicode"
	"unicode/utf8"

	"tandem/confdb/schema"
	"tandem/fault"
	"tandem/telephony"
)

// PatternCheck says what is wrong with a dial pattern, or nil. The dial plan's own parser is handed in, so that what is
// accepted here is what can be routed.
type PatternCheck func(telephony.Pattern) error

// plainPatternCheck is used where no parser is handed in: it knows the characters only.
func plainPatternCheck(p telephony.Pattern) error {
	for _, c := range p {
		if !strings.ContainsRune("0123456789*#+XABCD!?@.[]-^\\", c) {
			return fmt.Errorf("%q cannot stand in a pattern", c)
		}
	}
	return nil
}

// checker finds what is wrong with one item.
type checker struct {
	item    *Item
	object  telephony.Object
	pattern PatternCheck
	refused *Refused
	clean   bool
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func title(kind telephony.Kind) string { return capital(kind.Title()) }

// where gives the field with its line, if there is one.
func (i *Item) where(path string) string {
	line := i.Line
	name, _, _ := strings.Cut(path, ".")
	name, _, _ = strings.Cut(name, "[")
	if n := i.FieldLines[path]; n > 0 {
		line = n
	} else if n := i.FieldLines[name]; n > 0 {
		line = n
	}
	if line > 0 {
		return fmt.Sprintf("Line %d, %s", line, path)
	}
	return capital(path)
}

func (c *checker) name() string {
	if key := strings.Trim(c.object.Key(), "/"); key != "" {
		return key
	}
	return "without a name"
}

func (c *checker) problem(path, format string, args ...any) {
	c.clean = false
	c.refused.Add(fault.New(fault.ObjectInvalid, "kind", title(c.object.Kind()), "name", c.name(),
		"field", c.item.where(path), "problem", fmt.Sprintf(format, args...)))
}

// check tests the fields of the object by their descriptions, then the rules of its kind.
func (c *checker) check() bool {
	c.clean = true
	kind := schema.Of(c.object.Kind())
	if first := kind.Keys[0]; len(kind.Keys) > 1 {
		if text := first.Value(schema.Struct(c.object)).String(); strings.Contains(text, "/") {
			c.problem(first.Name, "%q has a slash, which separates the parts of the name", text)
		}
	}
	c.fields("", kind.Fields, schema.Struct(c.object))
	if c.clean {
		c.rules()
	}
	return c.clean
}

func (c *checker) fields(prefix string, fields []*schema.Field, of reflect.Value) {
	for _, f := range fields {
		v, path := f.Value(of), prefix+f.Name
		switch f.Shape {
		case schema.ShapeText:
			c.text(path, f, v.String())
		case schema.ShapeSecret:
			if n := len(v.Interface().(telephony.Secret).Reveal()); f.MaxLength > 0 && n > f.MaxLength {
				c.problem(path, "it is %d characters long, at most %d are allowed", n, f.MaxLength)
			}
		case schema.ShapeInteger:
			if n := v.Int(); (f.HasMinimum && n < f.Minimum) || (f.HasMaximum && n > f.Maximum) {
				c.problem(path, "%d is outside %d to %d", n, f.Minimum, f.Maximum)
			}
		case schema.ShapeStruct:
			if !v.IsNil() {
				c.fields(path+".", f.Fields, v.Elem())
			}
		case schema.ShapeTexts:
			c.count(path, f, v.Len())
			seen := map[string]bool{}
			for i := range v.Len() {
				text := v.Index(i).String()
				item := fmt.Sprintf("%s[%d]", path, i+1)
				if text == "" {
					c.problem(item, "it is empty")
					continue
				}
				if f.Ref != "" && seen[text] {
					c.problem(item, "%s is in the list twice", text)
				}
				seen[text] = true
				c.text(item, f, text)
			}
		case schema.ShapeTextMap:
			c.count(path, f, v.Len())
			for it := v.MapRange(); it.Next(); {
				if it.Key().Len() == 0 || it.Key().Len() > 64 {
					c.problem(path, "each name in it must have 1 to 64 characters")
				}
				c.text(path+"."+it.Key().String(), f, it.Value().String())
			}
		case schema.ShapeStructs:
			c.count(path, f, v.Len())
			for i := range v.Len() {
				c.fields(fmt.Sprintf("%s[%d].", path, i+1), f.Fields, v.Index(i))
			}
		}
	}
}

func (c *checker) count(path string, f *schema.Field, n int) {
	if n < f.MinItems {
		c.problem(path, "at least %d must be given", f.MinItems)
	}
	if f.MaxItems > 0 && n > f.MaxItems {
		c.problem(path, "there are %d, at most %d are allowed", n, f.MaxItems)
	}
}

func (c *checker) text(path string, f *schema.Field, text string) {
	if text == "" {
		if f.Required {
			c.problem(path, "it is missing")
		}
		return
	}
	if !utf8.ValidString(text) {
		c.problem(path, "it is not valid UTF-8")
		return
	}
	if i := strings.IndexFunc(text, unicode.IsControl); i >= 0 {
		c.problem(path, "it holds a control character at position %d", i+1)
		return
	}
	if text != strings.TrimSpace(text) && f.Syntax == "" && f.Name != "value" {
		c.problem(path, "it begins or ends with a blank")
	}
	if f.MaxLength > 0 && utf8.RuneCountInString(text) > f.MaxLength {
		c.problem(path, "it is %d characters long, at most %d are allowed", utf8.RuneCountInString(text), f.MaxLength)
	}
	if f.MinLength > 0 && utf8.RuneCountInString(text) < f.MinLength {
		c.problem(path, "it is %d characters long, at least %d are needed", utf8.RuneCountInString(text), f.MinLength)
	}
	if f.Enum != nil && !slices.Contains(f.Enum, text) {
		c.problem(path, "%q is none of %s", text, strings.Join(f.Enum, ", "))
	}
	if p := c.syntax(f.Syntax, text); p != "" {
		c.problem(path, "%s", p)
	}
}

func only(text, allowed string) bool { return strings.Trim(text, allowed) == "" }

// syntax says what is wrong with a text by the rule of its field, or "".
func (c *checker) syntax(rule, text string) string {
	switch rule {
	case "dial":
		if err := c.pattern(telephony.Pattern(text)); err != nil {
			return fmt.Sprintf("%q is no dial pattern: %v", text, err)
		}
	case "number":
		if !telephony.Number(text).Valid() {
			return fmt.Sprintf("%q is no number; digits, *, #, A to D and a leading + are allowed", text)
		}
	case "digits":
		if !only(text, "0123456789") {
			return fmt.Sprintf("%q holds more than digits", text)
		}
	case "mask":
		if !only(text, "0123456789X*#+") {
			return fmt.Sprintf("%q is no mask; digits, X, *, # and + are allowed", text)
		}
	case "load":
		if strings.ContainsAny(text, " /\\\t") || strings.HasPrefix(text, ".") {
			return fmt.Sprintf("%q is no load name; it must be the exact name without blanks and slashes", text)
		}
	case "file":
		if text != strings.TrimSpace(text) || strings.ContainsAny(text, "\\:*?\"<>|") || strings.HasPrefix(text, "/") || slices.Contains(strings.Split(text, "/"), "..") {
			return fmt.Sprintf("%q is no name of a file that phones may ask for", text)
		}
	case "hex":
		if !only(text, "0123456789abcdef") {
			return "it must be written in small hexadecimal digits"
		}
	case "time":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return fmt.Sprintf("%q is no time in the form 2026-01-31T09:30:00Z", text)
		}
	case "softkeys":
		if !slices.Contains(softkeys, telephony.Softkey(text)) {
			return fmt.Sprintf("%q is no softkey", text)
		}
	}
	return ""
}

var softkeys = telephony.Softkeys()

// rules tests what one field alone does not tell.
func (c *checker) rules() {
	switch o := c.object.(type) {
	case *telephony.Server:
		if !hostLike(string(o.Name)) {
			c.problem("name", "%q must be letters, digits, '-' and '.'", o.Name)
		}
		if o.Address != "" && !hostLike(o.Address) {
			if _, err := netip.ParseAddr(o.Address); err != nil {
				c.problem("address", "%q is neither an IP address nor a host name", o.Address)
			}
		}
	case *telephony.SRSTReference:
		c.addresses("addresses", o.Addresses)
		c.addresses("sipAddresses", o.SIPAddresses)
	case *telephony.Member:
		c.addresses("addresses", o.Addresses)
	case *telephony.DateTimeGroup:
		if _, err := time.LoadLocation(o.TimeZone); err != nil || o.TimeZone == "Local" {
			c.problem("timeZone", "there is no time zone %q; use a name such as Europe/Berlin", o.TimeZone)
		}
	case *telephony.Phone:
		c.phone(o)
	case *telephony.ButtonTemplate:
		if o.Count(telephony.ButtonLine) == 0 {
			c.problem("buttons", "none of them is a line, and a phone without its first line is unusable")
		}
	case *telephony.RoutePattern:
		given := 0
		for _, there := range []bool{o.Phone != "", o.Number != "", o.Block != ""} {
			if there {
				given++
			}
		}
		if given != 1 {
			c.problem("phone", "exactly one of phone, number and block must be given")
		}
		if o.CallingSearchSpace != "" && o.Number == "" {
			c.problem("callingSearchSpace", "it has no effect without a number")
		}
	case *telephony.AutoRegistration:
		switch {
		case len(o.StartNumber) != len(o.EndNumber):
			c.problem("endNumber", "%s has not as many digits as %s", o.EndNumber, o.StartNumber)
		case o.StartNumber > o.EndNumber:
			c.problem("endNumber", "%s lies before %s", o.EndNumber, o.StartNumber)
		}
	case *telephony.DeviceDefaults:
		if o.RolloutPercent > 0 && o.RolloutLoad == "" {
			c.problem("rolloutLoad", "it is missing, and a percentage is given")
		}
	case *telephony.ServiceParameter, *telephony.EnterpriseParameter:
		c.parameter()
	}
}

// addresses tests a list of IP addresses: phones take no names for these.
func (c *checker) addresses(field string, list []string) {
	for i, text := range list {
		if a, err := netip.ParseAddr(text); err != nil || a.IsUnspecified() || a.Zone() != "" {
			c.problem(fmt.Sprintf("%s[%d]", field, i+1), "%q is no IP address", text)
		}
	}
}

func (c *checker) phone(p *telephony.Phone) {
	if !p.Name.Valid() {
		c.problem("name", "%q must be letters, digits, '.', '_' and '-', beginning with a letter or digit", p.Name)
	}
	if mac, ok := p.Name.MAC(); ok && strings.EqualFold(string(p.Name[:3]), "SEP") && string(p.Name) != "SEP"+mac {
		c.problem("name", "phones write it SEP%s, in capitals", mac)
	}
	if p.Protocol == telephony.ProtocolSCCP {
		if len(p.Name) > telephony.MaximumSCCPDeviceNameLength {
			c.problem("name", "an SCCP phone's name has at most %d characters", telephony.MaximumSCCPDeviceNameLength)
		}
		if p.DigestUser != "" {
			c.problem("digestUser", "SCCP phones present no digest password")
		}
	}
	lines := map[telephony.LineKey]bool{}
	for i, line := range p.Lines {
		if lines[line.LineKey()] {
			c.problem(fmt.Sprintf("lines[%d].directoryNumber", i+1), "%s is on this phone twice", line.LineKey())
		}
		lines[line.LineKey()] = true
		if line.MaximumCalls > 0 && line.BusyTrigger > line.MaximumCalls {
			c.problem(fmt.Sprintf("lines[%d].busyTrigger", i+1), "%d is above the maximum of %d calls", line.BusyTrigger, line.MaximumCalls)
		}
	}
	speedDials := map[int]bool{}
	for i, s := range p.SpeedDials {
		if speedDials[s.Index] {
			c.problem(fmt.Sprintf("speedDials[%d].index", i+1), "%d is there twice", s.Index)
		}
		speedDials[s.Index] = true
	}
}

func hostLike(name string) bool {
	return name != "" && only(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-.") && name[0] != '-' && name[0] != '.'
}
