package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strings"

	"tandem/admin/client"
	"tandem/telephony"
)

// configureCommands read and change the configuration.
type configureCommands struct {
	Apply     applyCommand      `cmd:"" help:"Apply a site file: all of it, or nothing if something is wrong."`
	Export    exportCommand     `cmd:"" help:"Write the configuration as a site file."`
	Get       getCommand        `cmd:"" help:"Show objects of a kind, one object, or the kinds that there are."`
	Delete    deleteCommand     `cmd:"" help:"Delete an object that nothing depends on."`
	Parameter parameterCommands `cmd:"" help:"Service and enterprise parameters."`
}

type applyCommand struct {
	File   string `short:"f" required:"" type:"path" placeholder:"FILE" help:"Site file; - is the standard input."`
	DryRun bool   `help:"Check it and show what would change; change nothing."`
	connection
	format
}

// Run applies a site file.
func (a *applyCommand) Run(ctx context.Context, c *console) error {
	server, err := a.open()
	if err != nil {
		return err
	}
	defer server.Close()
	var site []byte
	source := filepath.Base(a.File)
	if a.File == "-" {
		source = "standard input"
		site, err = readAll(source, c.in, siteLimit)
	} else {
		site, err = readFile(a.File, siteLimit)
	}
	if err != nil {
		return err
	}
	r, err := server.Apply(ctx, source, site, a.DryRun)
	if err != nil {
		return err
	}
	return a.show(c.out, r, func() { writeResult(c.out, r) })
}

// writeResult shows what changed, a line for each object and below it what of it changed.
func writeResult(w io.Writer, r client.Result) {
	counts := map[string]int{}
	widest := 0
	for _, i := range r.Items {
		counts[i.Action]++
		widest = max(widest, len(i.Kind))
	}
	for _, i := range r.Items {
		fmt.Fprintf(w, "%-7s  %-*s  %s\n", i.Action, widest, i.Kind, clean(i.Key))
		if i.Action != "changed" {
			continue
		}
		for _, f := range i.Fields {
			fmt.Fprintf(w, "           %s: %s → %s\n", clean(f.Field), value(f.Before), value(f.After))
		}
	}
	if len(r.Items) == 0 {
		fmt.Fprintf(w, "Nothing changes: %s as wished already.\n", counted(r.Unchanged, "object is", "objects are"))
		return
	}
	var parts []string
	for _, action := range []string{"created", "changed", "deleted"} {
		if n := counts[action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, action))
		}
	}
	if r.Unchanged > 0 {
		parts = append(parts, fmt.Sprintf("%d unchanged", r.Unchanged))
	}
	fmt.Fprintf(w, "\n%s.", strings.Join(parts, ", "))
	if r.DryRun {
		fmt.Fprintln(w, " This was a dry run: nothing was done.")
	} else {
		fmt.Fprintf(w, " In force at change %s, on %s.\n", position(r.Position), counted(r.Durable, "disk", "disks"))
	}
}

func value(text string) string {
	if text == "" {
		return "(nothing)"
	}
	return cut(clean(text), 120)
}

type exportCommand struct {
	Secrets bool `help:"With hashes and pass-words, so that the file makes the same configuration again. It is written to the audit."`
	connection
}

// Run writes the configuration.
func (e *exportCommand) Run(ctx context.Context, c *console) error {
	server, err := e.open()
	if err != nil {
		return err
	}
	defer server.Close()
	text, err := server.Export(ctx, e.Secrets)
	if err != nil {
		return err
	}
	_, err = c.out.Write(text)
	return err
}

type getCommand struct {
	Kind   string `arg:"" optional:"" placeholder:"KIND" help:"Kind, such as phone. Absent: list the kinds."`
	Name   string `arg:"" optional:"" placeholder:"NAME" help:"Name of one object; of a directory number 2001/internal."`
	Filter string `placeholder:"WORDS" help:"Only objects in which all the words occur; field=text asks one field."`
	connection
	format
}

// Run shows objects.
func (g *getCommand) Run(ctx context.Context, c *console) error {
	server, err := g.open()
	if err != nil {
		return err
	}
	defer server.Close()
	switch {
	case g.Kind == "":
		return g.kinds(ctx, c, server)
	case g.Name == "":
		return g.list(ctx, c, server)
	}
	object, _, err := server.Get(ctx, g.Kind, g.Name)
	if err != nil {
		return err
	}
	if g.Output == "json" {
		return g.show(c.out, object, nil)
	}
	return writeYAML(c.out, map[string][]json.RawMessage{g.collection(ctx, server, ""): {object}})
}

func (g *getCommand) kinds(ctx context.Context, c *console, server *client.Client) error {
	kinds, err := server.Kinds(ctx)
	if err != nil {
		return err
	}
	return g.show(c.out, kinds, func() {
		t := newTable(c.out, "KIND", "OBJECTS", "WHAT")
		for _, k := range kinds {
			t.row(k.Kind, k.Count, k.Title)
		}
		t.end()
	})
}

func (g *getCommand) list(ctx context.Context, c *console, server *client.Client) error {
	objects := []json.RawMessage{}
	q := client.ListQuery{Filter: g.Filter}
	var kind telephony.Kind
	for {
		page, err := server.List(ctx, g.Kind, q)
		if err != nil {
			return err
		}
		kind = page.Kind
		objects = append(objects, page.Items...)
		if page.Next == "" || page.Next == q.After || len(page.Items) == 0 {
			break
		}
		q.After = page.Next
	}
	if g.Output == "yaml" {
		return writeYAML(c.out, map[string][]json.RawMessage{g.collection(ctx, server, kind): objects})
	}
	return g.show(c.out, objects, func() {
		if len(objects) == 0 {
			fmt.Fprintf(c.out, "There is no %s%s.\n", title(kind), map[bool]string{true: " that matches"}[g.Filter != ""])
			return
		}
		writeObjects(c.out, kind, objects)
	})
}

func infoOf(kind telephony.Kind) (telephony.KindInfo, bool) {
	for _, k := range telephony.Kinds {
		if k.Kind == kind {
			return k, true
		}
	}
	return telephony.KindInfo{}, false
}

func title(kind telephony.Kind) string {
	if k, ok := infoOf(kind); ok {
		return k.Title
	}
	return string(kind)
}

// collection is the key under which a site file lists the objects of the kind that was asked for.
func (g *getCommand) collection(ctx context.Context, server *client.Client, kind telephony.Kind) string {
	kinds, err := server.Kinds(ctx)
	if err == nil {
		for _, k := range kinds {
			if k.Kind == string(kind) || strings.EqualFold(k.Kind, g.Kind) || strings.EqualFold(k.Collection, g.Kind) {
				return k.Collection
			}
		}
	}
	return g.Kind
}

// columnLimit is how many columns a table of objects has.
const columnLimit = 7

// writeObjects shows objects as a table: the fields that are filled in somewhere, in their order, as many as a screen takes.
func writeObjects(w io.Writer, kind telephony.Kind, objects []json.RawMessage) {
	rows := make([]map[string]json.RawMessage, len(objects))
	used := map[string]bool{}
	for i, o := range objects {
		_ = json.Unmarshal(o, &rows[i])
		for name := range rows[i] {
			used[name] = true
		}
	}
	var columns []string
	headings := []any{}
	for _, name := range fields(kind) {
		if used[name] && len(columns) < columnLimit {
			columns = append(columns, name)
			headings = append(headings, heading(name))
		}
	}
	t := newTable(w, headings...)
	for _, r := range rows {
		cells := make([]any, len(columns))
		for i, name := range columns {
			cells[i] = orDash(cell(r[name]))
		}
		t.row(cells...)
	}
	t.end()
}

// fields lists the names of a kind's fields, in their order.
func fields(kind telephony.Kind) (names []string) {
	k, ok := infoOf(kind)
	if !ok {
		return nil
	}
	t := reflect.TypeOf(k.New()).Elem()
	for f := range reflectFields(t) {
		names = append(names, f)
	}
	return names
}

// reflectFields yields the JSON names of a structure's fields, embedded ones included.
func reflectFields(t reflect.Type) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && name != "-" && !yield(name) {
				return
			}
		}
	}
}

// heading makes CALLING SEARCH SPACE of callingSearchSpace.
func heading(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

// cell is a field's value in a few words. Of objects in a list it shows their first field.
func cell(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		texts := make([]string, len(list))
		for i, x := range list {
			texts[i] = cell(x)
		}
		return strings.Join(texts, ", ")
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	if raw[0] == '{' {
		d := json.NewDecoder(strings.NewReader(string(raw)))
		var first json.RawMessage
		for range 2 { // the brace and the first name
			if _, err := d.Token(); err != nil {
				return ""
			}
		}
		if d.Decode(&first) != nil {
			return ""
		}
		return cell(first)
	}
	switch string(raw) {
	case "true":
		return "yes"
	case "false":
		return "no"
	}
	return string(raw)
}

type deleteCommand struct {
	Kind string `arg:"" placeholder:"KIND" help:"Kind, such as phone."`
	Name string `arg:"" placeholder:"NAME" help:"Name of the object; of a directory number 2001/internal."`
	connection
	format
}

// Run deletes an object.
func (d *deleteCommand) Run(ctx context.Context, c *console) error {
	server, err := d.open()
	if err != nil {
		return err
	}
	defer server.Close()
	r, err := server.Delete(ctx, d.Kind, d.Name, "")
	if err != nil {
		return err
	}
	return d.show(c.out, r, func() { writeResult(c.out, r) })
}

type parameterCommands struct {
	List parameterList `cmd:"" help:"List parameters with the values in force."`
	Set  parameterSet  `cmd:"" help:"Set a parameter."`
}

type parameterList struct {
	Filter string `arg:"" optional:"" placeholder:"WORD" help:"Only those with the word in their name, service or explanation."`
	connection
	format
}

// Run lists parameters. One alone is explained.
func (p *parameterList) Run(ctx context.Context, c *console) error {
	server, err := p.open()
	if err != nil {
		return err
	}
	defer server.Close()
	all, err := server.Parameters(ctx)
	if err != nil {
		return err
	}
	list := []client.Parameter{}
	for _, x := range all {
		if strings.Contains(strings.ToLower(x.Name+"\n"+x.Service+"\n"+x.Explanation), strings.ToLower(p.Filter)) {
			list = append(list, x)
		}
	}
	return p.show(c.out, list, func() {
		if len(list) == 0 {
			fmt.Fprintln(c.out, "No parameter matches.")
			return
		}
		t := newTable(c.out, "NAME", "VALUE", "UNIT", "FROM", "DEFAULT", "RANGE", "SERVICE")
		for _, x := range list {
			t.row(x.Name, quoted(x), orDash(x.Unit), x.Source, orDash(x.Default), orDash(bounds(x)), orDash(x.Service))
		}
		t.end()
		if len(list) == 1 {
			fmt.Fprintf(c.out, "\n%s\n", clean(list[0].Explanation))
		}
	})
}

// quoted is the value of a parameter; an empty text shows as such.
func quoted(p client.Parameter) string {
	if p.Value == "" {
		return `""`
	}
	return p.Value
}

// bounds tells which values are permitted.
func bounds(p client.Parameter) string {
	switch {
	case len(p.Choices) > 0:
		return strings.Join(p.Choices, ", ")
	case p.Type == "text" && p.Maximum != nil:
		return fmt.Sprintf("up to %d bytes", *p.Maximum)
	case p.Minimum != nil && p.Maximum != nil:
		return fmt.Sprintf("%d to %d", *p.Minimum, *p.Maximum)
	case p.Minimum != nil:
		return fmt.Sprintf("from %d", *p.Minimum)
	case p.Maximum != nil:
		return fmt.Sprintf("up to %d", *p.Maximum)
	}
	return ""
}

type parameterSet struct {
	Name  string `arg:"" placeholder:"NAME" help:"Name of the parameter."`
	Value string `arg:"" placeholder:"VALUE" help:"Its value."`
	On    string `placeholder:"NAME" help:"Only on the server of this name."`
	connection
	format
}

// Run sets a parameter.
func (p *parameterSet) Run(ctx context.Context, c *console) error {
	server, err := p.open()
	if err != nil {
		return err
	}
	defer server.Close()
	r, err := server.SetParameter(ctx, p.Name, client.ParameterValue{Value: p.Value, Server: p.On})
	if err != nil {
		return err
	}
	return p.show(c.out, r, func() { writeResult(c.out, r) })
}
