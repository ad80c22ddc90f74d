package sdp

import "bytes"

// Versioner gives the descriptions of one side of one dialog their o= version: one more whenever
// the description differs from the last one that was sent, the same otherwise, also after a
// refused offer (R-28 d). The zero value starts with the version of the first description. It is
// not safe for concurrent use.
type Versioner struct {
	started bool
	version uint64
	last    []byte // the last description, written with version 0
}

// Stamp sets Origin.Version of s and returns it in wire form.
func (v *Versioner) Stamp(s *Session) []byte {
	first := s.Origin.Version
	s.Origin.Version = 0
	plain := s.Bytes()
	switch {
	case !v.started:
		v.started, v.version = true, first
	case !bytes.Equal(plain, v.last):
		v.version++
	}
	v.last = plain
	s.Origin.Version = v.version
	return s.Bytes()
}
