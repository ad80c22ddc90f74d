package cluster

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"tandem/fault"
	"tandem/security/ca"
	"tandem/telephony"
)

// The joining protocol: HTTP/1.1 over one TLS 1.3 connection, three requests. Only the first tells anything to somebody who has
// no token: how the pass-phrase is to be derived, the version and the time. Proofs are bound to the connection by its exporter
// (RFC 8446 section 7.5) and to the request that they accompany.
const (
	pathBegin = "/join/begin"
	pathJoin  = "/join/join"
	pathDone  = "/join/done"

	exporterLabel = "EXPORTER-tandem-joining"
	exporterSize  = 32

	maximumRequest = 64 << 10 // bytes of a request of a joining server
	maximumAnswer  = 8 << 20  // bytes of an answer: keys, members and small files
)

// beginning answers the first request.
type beginning struct {
	Cluster    string               `json:"cluster"`
	Server     telephony.ServerName `json:"server"`
	Version    string               `json:"version"`
	Time       int64                `json:"time"` // ns since 1970
	Derivation ca.Derivation        `json:"derivation"`
}

// sealed is a request with its proofs.
type sealed struct {
	Token           string `json:"token"` // its name
	TokenProof      []byte `json:"tokenProof"`
	PassphraseProof []byte `json:"passphraseProof,omitempty"`
	Request         []byte `json:"request"`
}

// request is what a server tells of itself when it joins.
type request struct {
	Details
	Identity   string `json:"identity"`
	Request    []byte `json:"certificateRequest"` // PKCS #10
	SealingKey []byte `json:"sealingKey"`
	Version    string `json:"version"`
	Time       int64  `json:"time"` // ns since 1970, corrected by half the time of the round trip
}

// admission is what an admitted server gets.
type admission struct {
	Node        uint16            `json:"node"`
	Cluster     string            `json:"cluster"`
	Certificate []byte            `json:"certificate"` // DER
	Keyring     []byte            `json:"keyring"`
	Authorities [][]byte          `json:"authorities"` // DER, the newest first
	Publisher   uint16            `json:"publisher"`   // node
	Members     []Member          `json:"members"`
	Files       map[string][]byte `json:"files"` // for its secrets directory, by name
	Warnings    []*fault.Error    `json:"warnings"`
}

// proven is the message that a proof is made over.
func proven(exporter, request []byte, what string) []byte {
	return append(append(append([]byte(what), 0), exporter...), request...)
}

func exporter(cs *tls.ConnectionState) ([]byte, error) {
	if cs == nil || cs.Version < tls.VersionTLS13 {
		return nil, errors.New("the connection is not TLS 1.3")
	}
	return cs.ExportKeyingMaterial(exporterLabel, nil, exporterSize)
}

// readJSON reads a bounded message.
func readJSON(r io.Reader, limit int64, into any) error {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return err
	}
	if int64(len(b)) > limit {
		return fmt.Errorf("the message is larger than %d bytes", limit)
	}
	return json.Unmarshal(b, into)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // who went away needs no answer
}

// writeFault answers with a refusal. Anything that is not a fault stays inside.
func writeFault(w http.ResponseWriter, err error) {
	f := fault.From(err)
	if f == nil {
		f = fault.Wrap(errors.New("the publisher could not do it; its log says why"), fault.JoinBroken)
	}
	w.Header().Set("Content-Type", fault.ProblemContentType)
	w.WriteHeader(f.Status)
	_ = json.NewEncoder(w).Encode(f)
}
