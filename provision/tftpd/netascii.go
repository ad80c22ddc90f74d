package tftpd

import (
	"bytes"
	"io"
)

// netASCII converts a text to the form of the netascii mode (RFC 1350 section 1, RFC 764): CR LF for the end of a line, CR
// NUL for a bare CR. Clients that were not told otherwise ask in this mode.
func netASCII(content io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	if size > maximumText {
		return nil, 0, errText
	}
	text := make([]byte, size)
	if n, err := content.ReadAt(text, 0); int64(n) < size {
		return nil, 0, err
	}
	converted := make([]byte, 0, size+size/16)
	for i, c := range text {
		switch {
		case c == '\n' && (i == 0 || text[i-1] != '\r'):
			converted = append(converted, '\r', '\n')
		case c == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			converted = append(converted, '\r', 0)
		default:
			converted = append(converted, c)
		}
	}
	return bytes.NewReader(converted), int64(len(converted)), nil
}
