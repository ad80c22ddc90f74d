package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// filter is what an object must have to be listed: all of it.
type filter []condition

// condition asks for a text anywhere in an object or, with a field, for that field's whole text.
type condition struct {
	field, text string
	raw         bool // the text stands in JSON as it is
}

// parseFilter reads words that must all occur, in any capitalisation; "field=text" asks one field, and "field=" that it is
// empty.
func parseFilter(words string) filter {
	var f filter
	for _, word := range strings.Fields(strings.ToLower(words)) {
		c := condition{text: word}
		if field, text, one := strings.Cut(word, "="); one && field != "" {
			c = condition{field: field, text: text}
		}
		c.raw = !strings.ContainsAny(c.text, "\"\\<>&\u2028\u2029")
		f = append(f, c)
	}
	return f
}

// pass says whether an object in JSON has it all. Names of fields are no texts of the object.
func (f filter) pass(object []byte) bool {
	if len(f) == 0 {
		return true
	}
	all := strings.ToLower(string(object))
	for _, c := range f { // most objects fail here, which is cheap
		if c.raw && !strings.Contains(all, c.text) {
			return false
		}
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber() // 12345678 and not 1.2345678e+07
	if err := d.Decode(&value); err != nil {
		return false
	}
	for _, c := range f {
		has := c.in("", value)
		if c.field != "" && c.text == "" {
			has = !(condition{field: c.field}).filled("", value)
		}
		if !has {
			return false
		}
	}
	return true
}

func (c condition) in(field string, value any) bool {
	return leaf(field, value, func(field, text string) bool {
		if c.field == "" {
			return strings.Contains(text, c.text)
		}
		return field == c.field && text == c.text
	})
}

func (c condition) filled(field string, value any) bool {
	return leaf(field, value, func(field, text string) bool { return field == c.field && text != "" })
}

// leaf says whether ask holds for any text, number or truth in a value. Fields and texts are given in small letters.
func leaf(field string, value any, ask func(field, text string) bool) bool {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if leaf(key, inner, ask) {
				return true
			}
		}
		return false
	case []any:
		for _, inner := range v {
			if leaf(field, inner, ask) {
				return true
			}
		}
		return false
	case nil:
		return false
	}
	return ask(strings.ToLower(field), strings.ToLower(fmt.Sprint(value)))
}
