// Package script reads and runs scripts for test phones: a line is an action or an
// expectation of one phone. It knows no protocol; phones come from package phone.
//
//	# two phones and a call
//	phone bob sip device=SEP000000002002 server=127.0.0.1:5060 user=2002 password=secret sound=2
//	register
//	bob: register
//	dial 2002
//	expect ringback within 5s
//	bob: expect ringing from 2001
//	bob: answer
//	expect hear phone 2 for 1s
//	expect loss below 1%
//	hangup
//	expect idle
//
// Lines without a name are for the phone that the caller of Run provides.
package script

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Bounds of a script.
const (
	maxLine  = 1000
	maxLines = 10_000
)

// Statement is one line of a script.
type Statement struct {
	// Line counts from 1; Text is the line without its comment.
	Line int
	Text string
	// Phone is whose it is, empty for the default.
	Phone string
	// Verb is the first word, Arguments the others; quoted words lose their quotes.
	Verb      string
	Arguments []string
	// Within bounds an expectation; 0 means DefaultWithin.
	Within time.Duration
}

// DefaultWithin is how long an expectation may take that says nothing.
const DefaultWithin = 5 * time.Second

// Parse reads a script. Errors name the line.
func Parse(r io.Reader) ([]Statement, error) {
	var out []Statement
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 256), maxLine+1)
	for n := 1; scanner.Scan(); n++ {
		if n > maxLines {
			return nil, fmt.Errorf("line %d: a script has at most %d lines", n, maxLines)
		}
		s, err := parseLine(scanner.Text())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if s.Verb == "" {
			continue
		}
		s.Line = n
		out = append(out, s)
	}
	if err := scanner.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, fmt.Errorf("a line is longer than %d bytes", maxLine)
		}
		return nil, err
	}
	return out, nil
}

func parseLine(text string) (Statement, error) {
	words, err := split(text)
	if err != nil || len(words) == 0 {
		return Statement{}, err
	}
	s := Statement{Text: strings.Join(words, " ")}
	if name, ok := strings.CutSuffix(words[0], ":"); ok {
		if name == "" || len(words) == 1 {
			return s, errors.New("a phone's name is followed by a command")
		}
		s.Phone, words = name, words[1:]
	}
	s.Verb, s.Arguments = strings.ToLower(words[0]), words[1:]
	if _, ok := verbs[s.Verb]; !ok {
		return s, fmt.Errorf("unknown command %q", words[0])
	}
	if n := len(s.Arguments); n >= 2 && s.Arguments[n-2] == "within" && s.Verb != "say" {
		if s.Within, err = time.ParseDuration(s.Arguments[n-1]); err != nil || s.Within <= 0 {
			return s, fmt.Errorf("%q is no time, such as 5s or 500ms", s.Arguments[n-1])
		}
		s.Arguments = s.Arguments[:n-2]
	}
	return s, verbs[s.Verb].check(s.Arguments)
}

// split cuts a line into words; quotes keep blanks, # begins a comment.
func split(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	in, quoted := false, false
	for _, r := range text {
		switch {
		case r == '"':
			quoted, in = !quoted, true
		case quoted:
			word.WriteRune(r)
		case r == '#' && !in:
			return words, nil
		case r == ' ' || r == '\t' || r == '\r':
			if in {
				words = append(words, word.String())
				word.Reset()
				in = false
			}
		default:
			word.WriteRune(r)
			in = true
		}
	}
	if quoted {
		return nil, errors.New("a quote is not closed")
	}
	if in {
		words = append(words, word.String())
	}
	return words, nil
}
