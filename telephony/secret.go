package telephony

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that no page, log or API shows. Printing gives "(secret)", encoders leave it out,
// and only Reveal returns it: whoever reads a phone's digest password says so in the code.
//
// To the encoders of encoding/json (omitzero) and YAML (omitempty) a secret always counts as
// absent; Empty tells whether there is one.
type Secret struct{ text string }

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the text itself.
func (s Secret) Reveal() string { return s.text }

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.text == "" }

// IsZero is true always, so that encoders that omit zero values omit every secret.
func (s Secret) IsZero() bool { return true }

// String returns "(secret)", or "" if there is none.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return "(secret)"
}

// GoString keeps %#v from printing the text.
func (s Secret) GoString() string { return s.String() }

// Format keeps every verb, also those that reach into a struct, from printing the text.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue keeps the text out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText writes nothing.
func (s Secret) MarshalText() ([]byte, error) { return nil, nil }

// MarshalYAML writes nothing.
func (s Secret) MarshalYAML() (any, error) { return nil, nil }

// UnmarshalText takes the text as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	s.text = string(text)
	return nil
}
