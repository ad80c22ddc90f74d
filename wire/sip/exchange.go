package sip

import (
	"sync"

	gosip "github.com/emiago/sipgo/sip"
)

// exchange is one request with its repetitions under another CSeq: with credentials after 401 or
// 407, with a longer session interval after 422. Its user sees one request.
type exchange struct {
	ep     *Endpoint
	dialog *Dialog // nil outside a dialog
	target Target
	creds  Credentials
	user   ResponseHandler
	// see is called with each transaction before it starts.
	see func(*ClientTx)

	mu      sync.Mutex
	auth    Authorizer
	longer  int
	stopped bool // never a new attempt (R-23 c)
	tx      *ClientTx
}

func (x *exchange) start(req *Request) (*ClientTx, error) {
	if x.creds != nil {
		x.auth.Credentials = x.creds
	}
	return x.ep.send(req, x.target, x, branchCookie+x.ep.Token(8), x.note)
}

func (x *exchange) note(tx *ClientTx) {
	x.mu.Lock()
	x.tx = tx
	x.mu.Unlock()
	if x.see != nil {
		x.see(tx)
	}
}

// stop forbids further attempts and returns the transaction that is under way.
func (x *exchange) stop() *ClientTx {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stopped = true
	return x.tx
}

// OnResponse implements ResponseHandler.
func (x *exchange) OnResponse(tx *ClientTx, res *Response) {
	if again := x.again(tx, res); again != nil {
		target := x.target
		target.Flow = tx.Flow() // the retry with credentials goes to the same place
		if !target.Flow.Alive() {
			target = x.target
		}
		if _, err := x.ep.send(again, target, x, branchCookie+x.ep.Token(8), x.note); err == nil {
			return
		}
	}
	x.user.OnResponse(tx, res)
}

// OnFailure implements ResponseHandler.
func (x *exchange) OnFailure(tx *ClientTx, err error) { x.user.OnFailure(tx, err) }

// again makes the next attempt, nil if there is none.
func (x *exchange) again(tx *ClientTx, res *Response) *Request {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.stopped {
		return nil
	}
	switch res.StatusCode {
	case 401, 407:
		if x.auth.Credentials == nil {
			return nil
		}
		header := x.auth.Answer(tx.Request(), res)
		if header == nil {
			return nil
		}
		req := x.copy(tx.Request())
		req.RemoveHeader(header.Name())
		req.AppendHeader(header)
		return req
	case 422:
		least, ok := ParseMinSE(res)
		if !ok || x.longer >= 2 {
			return nil
		}
		x.longer++
		req := x.copy(tx.Request())
		se, had := ParseSessionExpires(req)
		if !had {
			return nil
		}
		se.Seconds = max(least, se.Seconds)
		req.RemoveHeader("Session-Expires")
		req.RemoveHeader("Min-SE")
		req.AppendHeader(se.Header())
		req.AppendHeader(MinSE(se.Seconds))
		return req
	}
	return nil
}

// copy makes a request anew with the next CSeq and without Via.
func (x *exchange) copy(old *Request) *Request {
	req := newRequest(old.Method, old.Recipient)
	for _, h := range old.Headers() {
		switch h := h.(type) {
		case *Via, *ContentLength:
		case *CSeq:
			next := &CSeq{SeqNo: h.SeqNo + 1, MethodName: h.MethodName}
			if x.dialog != nil {
				next.SeqNo = x.dialog.nextCSeq()
			}
			req.AppendHeader(next)
		default:
			req.AppendHeader(h)
		}
	}
	if len(old.Body()) > 0 {
		req.SetBody(old.Body())
	}
	return req
}

// HeaderClone returns a copy of a header that may be changed.
func HeaderClone(h Header) Header { return gosip.HeaderClone(h) }
