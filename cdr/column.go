package cdr

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"tandem/call/signal"
)

// column is one field of a flat file, written and read.
type column[T any] struct {
	name   string
	kind   string                      // as the second line of a file declares it
	append func(b []byte, r *T) []byte // writes the value
	set    func(r *T, s string) error  // reads it; nil: nothing of it is kept
}

func integer[T any](name string, get func(*T) int64, set func(*T, int64)) column[T] {
	c := column[T]{name: name, kind: "INTEGER"}
	c.append = func(b []byte, r *T) []byte { return strconv.AppendInt(b, get(r), 10) }
	if set != nil {
		c.set = func(r *T, s string) error {
			if s == "" {
				return nil
			}
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil || n < math.MinInt32 || n > math.MaxUint32 {
				return fmt.Errorf("%q is not a number of 32 bits", s)
			}
			set(r, n)
			return nil
		}
	}
	return c
}

func constant[T any](name string, n int64) column[T] {
	return integer(name, func(*T) int64 { return n }, nil)
}

func text[T any](name string, width int, get func(*T) string, set func(*T, string)) column[T] {
	c := column[T]{name: name, kind: "VARCHAR(" + strconv.Itoa(width) + ")"}
	c.append = func(b []byte, r *T) []byte { return appendQuoted(b, get(r), width) }
	if set != nil {
		c.set = func(r *T, s string) error { set(r, clip(s)); return nil }
	}
	return c
}

func empty[T any](name string, width int) column[T] {
	return text(name, width, func(*T) string { return "" }, nil)
}

func uuid[T any](name string, field func(*T) *string) column[T] {
	return column[T]{name: name, kind: "UNIQUEIDENTIFIER",
		append: func(b []byte, r *T) []byte { return appendQuoted(b, *field(r), 36) },
		set:    func(r *T, s string) error { *field(r) = clip(s); return nil }}
}

// counter is a column that is a plain unsigned number.
func counter[T any, N uint8 | uint16 | uint32 | signal.RedirectReason | signal.OnBehalfOf](name string, field func(*T) *N) column[T] {
	return integer(name, func(r *T) int64 { return int64(*field(r)) }, func(r *T, n int64) { *field(r) = N(n) })
}

func word[T any](name string, width int, field func(*T) *string) column[T] {
	return text(name, width, func(r *T) string { return *field(r) }, func(r *T, s string) { *field(r) = s })
}

// moment is a time in UTC epoch seconds, 0 for none.
func moment[T any](name string, field func(*T) *time.Time) column[T] {
	return integer(name, func(r *T) int64 {
		if t := *field(r); !t.IsZero() {
			return t.Unix()
		}
		return 0
	}, func(r *T, n int64) {
		if n > 0 {
			*field(r) = time.Unix(n, 0).UTC()
		}
	})
}

// signedAddress writes an IPv4 address as records do: its bytes, first one lowest, read as a signed number. Other
// addresses have no such form and give 0.
func signedAddress(a netip.Addr) int64 {
	if !a.Is4() {
		return 0
	}
	b := a.As4()
	return int64(int32(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24))
}

func addressOf(n int64) netip.Addr {
	if n == 0 {
		return netip.Addr{}
	}
	u := uint32(n)
	return netip.AddrFrom4([4]byte{byte(u), byte(u >> 8), byte(u >> 16), byte(u >> 24)})
}

func appendQuoted(b []byte, s string, width int) []byte {
	if len(s) > width {
		s = strings.ToValidUTF8(s[:width], "")
	}
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case ch == '"':
			b = append(b, '"', '"')
		case ch < ' ':
			b = append(b, ' ')
		default:
			b = append(b, ch)
		}
	}
	return append(b, '"')
}

// appendHeading writes the two lines with which every flat file begins: names, then types.
func appendHeading[T any](b []byte, columns []column[T]) []byte {
	for i := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, columns[i].name...)
		b = append(b, '"')
	}
	b = append(b, '\n')
	for i := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, columns[i].kind...)
	}
	return append(b, '\n')
}

func appendRow[T any](b []byte, columns []column[T], r *T) []byte {
	for i := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = columns[i].append(b, r)
	}
	return append(b, '\n')
}
