package cdr

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"tandem/fault"
)

// The addresses under which servers deliver records.
const (
	storePath   = "/records/store"
	missingPath = "/records/missing/"
	batchPath   = "/records/batch/"
	sumHeader   = "Records-Sha256"
	ofHeader    = "Records-Of"
)

// RecordsPath is the prefix of the addresses that Handler serves.
const RecordsPath = "/records/"

// slowest is how long a sender may be silent within a batch.
const slowest = 30 * time.Second

// Handler serves the other servers. peer tells from a request's connection which server asks; whom it does not know is
// refused. It belongs on the port on which only servers of the cluster are let in.
func (r *Receiver) Handler(peer func(*http.Request) (server string, ok bool)) http.Handler {
	mux := http.NewServeMux()
	serve := func(pattern string, f func(w http.ResponseWriter, q *http.Request, server string) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, q *http.Request) {
			server, ok := peer(q)
			if !ok || server == "" {
				http.Error(w, "no server of this cluster", http.StatusForbidden)
				return
			}
			v, err := f(w, q, server)
			if err != nil {
				http.Error(w, err.Error(), statusOf(err))
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v)
		})
	}
	serve("GET "+storePath, func(http.ResponseWriter, *http.Request, string) (any, error) { return r.greet() })
	serve("POST "+missingPath+"{kind}", func(w http.ResponseWriter, q *http.Request, server string) (any, error) {
		var list []Listed
		if err := json.NewDecoder(http.MaxBytesReader(w, q.Body, maxListed*1024)).Decode(&list); err != nil {
			return nil, errors.Join(errRefused, err)
		}
		return r.missing(q.Context(), server, Kind(q.PathValue("kind")), list)
	})
	serve("PUT "+batchPath+"{kind}/{name}", func(w http.ResponseWriter, q *http.Request, server string) (any, error) {
		if q.ContentLength < 0 {
			return nil, errors.Join(errRefused, errors.New("a batch without its length"))
		}
		l := Listed{Name: q.PathValue("name"), Size: q.ContentLength, SHA256: q.Header.Get(sumHeader), Of: q.Header.Get(ofHeader)}
		control := http.NewResponseController(w)
		receipt, err := r.receive(q.Context(), server, Kind(q.PathValue("kind")), l, patient{q.Body, control})
		_ = control.SetWriteDeadline(time.Now().Add(slowest)) // the insertion may have taken its time
		return receipt, err
	})
	return mux
}

// patient gives a sender time as long as something comes.
type patient struct {
	r       io.Reader
	control *http.ResponseController
}

func (p patient) Read(b []byte) (int, error) {
	_ = p.control.SetReadDeadline(time.Now().Add(slowest))
	return p.r.Read(b)
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrNoRoom):
		return http.StatusInsufficientStorage
	case errors.Is(err, ErrDamaged):
		return http.StatusUnprocessableEntity
	case errors.Is(err, ErrNotTaking), errors.Is(err, errClosed):
		return http.StatusServiceUnavailable
	case errors.Is(err, errRefused):
		return http.StatusBadRequest
	}
	if f := fault.From(err); f != nil && f.Status != 0 {
		return f.Status
	}
	return http.StatusInternalServerError
}
