package cnf

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// node is an XML element: with text, or with children.
type node struct {
	name     string
	attrs    [][2]string
	text     string
	children []*node
}

// el makes an element with children; nil ones are left out.
func el(name string, children ...*node) *node {
	n := &node{name: name}
	for _, c := range children {
		if c != nil {
			n.children = append(n.children, c)
		}
	}
	return n
}

// leaf makes an element with text.
func leaf(name string, value any) *node { return &node{name: name, text: fmt.Sprint(value)} }

// with adds an attribute.
func (n *node) with(name string, value any) *node {
	n.attrs = append(n.attrs, [2]string{name, fmt.Sprint(value)})
	return n
}

func (n *node) add(children ...*node) { n.children = append(n.children, children...) }

// child returns the first child of a name, or nil.
func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// at follows a path of names from n, or returns nil.
func (n *node) at(path string) *node {
	for _, name := range strings.Split(path, "/") {
		n = n.child(name)
	}
	return n
}

// declaration begins every file. All octets of a file are ASCII: other characters are written by number, so that no parser
// need agree with us about an encoding.
const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

func (n *node) bytes() []byte {
	var b strings.Builder
	b.WriteString(declaration)
	n.write(&b)
	b.WriteByte('\n')
	return []byte(b.String())
}

// write puts no blanks between elements: old parsers are slow and their buffers small.
func (n *node) write(b *strings.Builder) {
	b.WriteString("<" + n.name)
	for _, a := range n.attrs {
		b.WriteString(" " + a[0] + `="`)
		escape(b, a[1])
		b.WriteByte('"')
	}
	if n.text == "" && len(n.children) == 0 {
		b.WriteString("></" + n.name + ">") // the short form is unknown to some
		return
	}
	b.WriteByte('>')
	escape(b, n.text)
	for _, c := range n.children {
		if len(c.children) > 0 || n.name == "device" {
			b.WriteByte('\n')
		}
		c.write(b)
	}
	b.WriteString("</" + n.name + ">")
}

func escape(b *strings.Builder, text string) {
	for _, r := range text {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == utf8.RuneError || !unicode.IsPrint(r):
			b.WriteByte(' ')
		case r < 0x80:
			b.WriteRune(r)
		default:
			fmt.Fprintf(b, "&#%d;", r)
		}
	}
}

// stamped fills versionStamp with a text made of everything else in the file: the phone sees a new version exactly when
// something in its file changed.
func stamped(root *node) []byte {
	sum := sha256.Sum256(root.bytes())
	root.child("versionStamp").text = "{" + hex.EncodeToString(sum[:8]) + "}"
	return root.bytes()
}

// Bounds of parse.
const (
	maximumDepth    = 20
	maximumElements = 5000
)

// parse reads a file back. It knows elements, attributes and text, and refuses what no file of ours has.
func parse(content []byte) (*node, error) {
	decoder := xml.NewDecoder(strings.NewReader(string(content)))
	var root *node
	var open []*node
	for count := 0; ; {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if count++; count > maximumElements || len(open) >= maximumDepth {
				return nil, fmt.Errorf("more than %d elements or %d levels", maximumElements, maximumDepth)
			}
			n := &node{name: t.Name.Local}
			for _, a := range t.Attr {
				n.attrs = append(n.attrs, [2]string{a.Name.Local, a.Value})
			}
			switch {
			case len(open) > 0:
				open[len(open)-1].add(n)
			case root != nil:
				return nil, fmt.Errorf("a second root element %s", n.name)
			default:
				root = n
			}
			open = append(open, n)
		case xml.EndElement:
			n := open[len(open)-1]
			if len(n.children) > 0 {
				n.text = strings.TrimSpace(n.text)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(t)
			}
		case xml.Comment, xml.Directive:
			return nil, fmt.Errorf("a comment or a directive, which old parsers do not take")
		}
	}
	if root == nil {
		return nil, fmt.Errorf("no element")
	}
	return root, nil
}
