// Package rest is the JSON API: operations of package admin under /api/v1, described by OpenAPI 3.1, over HTTPS with tokens
// and over a local socket without. It decides nothing: it reads requests, calls the operation, and writes the answer, or the
// refusal as problem details (RFC 9457) that carry the identifiers of the catalogue.
package rest
