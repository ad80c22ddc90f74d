package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// format is the way in which a result is shown.
type format struct {
	Output string `short:"o" enum:"table,json,yaml" default:"table" placeholder:"FORM" help:"table, json or yaml."`
}

// show writes v as JSON or YAML, or lets table write it for people.
func (f format) show(w io.Writer, v any, table func()) error {
	switch f.Output {
	case "json":
		text, err := indented(v)
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	case "yaml":
		return writeYAML(w, v)
	}
	table()
	return nil
}

// indented is v as JSON for people and programs. An empty list is a list.
func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	if b.String() == "null\n" {
		return []byte("[]\n"), nil
	}
	return b.Bytes(), nil
}

// writeYAML writes v with the names and the order that its JSON has, for JSON is YAML but for its looks.
func writeYAML(w io.Writer, v any) error {
	text, err := indented(v)
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return err
	}
	plain(&document)
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(&document); err != nil {
		return err
	}
	return e.Close()
}

// plain takes braces and quotation marks away where nothing needs them.
func plain(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		plain(child)
	}
}

// table writes aligned columns.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, headings ...any) *table {
	t := &table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	if len(headings) > 0 {
		t.row(headings...)
	}
	return t
}

// cellLimit is how many characters of a text a column shows; the last one of a row shows all.
const cellLimit = 44

func (t *table) row(cells ...any) {
	// Blanks at the end of a line help nobody.
	last := len(cells) - 1
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = clean(fmt.Sprint(c))
		if i < last {
			texts[i] = cut(texts[i], cellLimit)
		}
	}
	fmt.Fprintln(t.w, strings.Join(texts, "\t"))
}

func (t *table) end() { _ = t.w.Flush() }

// clean makes text of others harmless to a terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, text)
}

func cut(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// moment is a time as tables show it, in the zone of the machine.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// orDash is a cell that may be empty.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// counted is a number and its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprint(n, " bytes")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
