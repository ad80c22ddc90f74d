package sip

// kind says how a header is parsed.
type kind uint8

const (
	kindOther kind = iota // kept as text
	kindVia
	kindFrom
	kindTo
	kindContact
	kindCSeq
	kindCallID
	kindMaxForwards
	kindContentLength
	kindContentType
	kindRoute
	kindRecordRoute
	kindCount
)

// field is what is known of a header: its usual name, its kind, and whether a message may hold it
// only once with one value.
type field struct {
	name   string
	kind   kind
	single bool
}

// fields lists the headers by lower-case name, compact forms among them (RFC 3261 7.3.3, 20, and
// the RFCs that added short forms).
var fields = map[string]field{
	"via": {"Via", kindVia, false}, "v": {"Via", kindVia, false},
	"from": {"From", kindFrom, true}, "f": {"From", kindFrom, true},
	"to": {"To", kindTo, true}, "t": {"To", kindTo, true},
	"contact": {"Contact", kindContact, false}, "m": {"Contact", kindContact, false},
	"cseq":    {"CSeq", kindCSeq, true},
	"call-id": {"Call-ID", kindCallID, true}, "i": {"Call-ID", kindCallID, true},
	"max-forwards":   {"Max-Forwards", kindMaxForwards, true},
	"content-length": {"Content-Length", kindContentLength, true}, "l": {"Content-Length", kindContentLength, true},
	"content-type": {"Content-Type", kindContentType, true}, "c": {"Content-Type", kindContentType, true},
	"route":        {"Route", kindRoute, false},
	"record-route": {"Record-Route", kindRecordRoute, false},

	"refer-to": {"Refer-To", kindOther, true}, "r": {"Refer-To", kindOther, true},
	"referred-by": {"Referred-By", kindOther, true}, "b": {"Referred-By", kindOther, true},
	"content-encoding": {"Content-Encoding", kindOther, false}, "e": {"Content-Encoding", kindOther, false},
	"accept-contact": {"Accept-Contact", kindOther, false}, "a": {"Accept-Contact", kindOther, false},
	"reject-contact": {"Reject-Contact", kindOther, false}, "j": {"Reject-Contact", kindOther, false},
	"request-disposition": {"Request-Disposition", kindOther, false}, "d": {"Request-Disposition", kindOther, false},
	"supported": {"Supported", kindOther, false}, "k": {"Supported", kindOther, false},
	"event": {"Event", kindOther, true}, "o": {"Event", kindOther, true},
	"subject": {"Subject", kindOther, true}, "s": {"Subject", kindOther, true},
	"allow-events": {"Allow-Events", kindOther, false}, "u": {"Allow-Events", kindOther, false},
	"session-expires": {"Session-Expires", kindOther, true}, "x": {"Session-Expires", kindOther, true},
	"identity": {"Identity", kindOther, false}, "y": {"Identity", kindOther, false},

	"accept": {"Accept", kindOther, false}, "allow": {"Allow", kindOther, false},
	"alert-info": {"Alert-Info", kindOther, false}, "authorization": {"Authorization", kindOther, false},
	"call-info": {"Call-Info", kindOther, false}, "content-disposition": {"Content-Disposition", kindOther, true},
	"date": {"Date", kindOther, true}, "diversion": {"Diversion", kindOther, false},
	"expires": {"Expires", kindOther, true}, "min-expires": {"Min-Expires", kindOther, true},
	"min-se": {"Min-SE", kindOther, true}, "p-asserted-identity": {"P-Asserted-Identity", kindOther, false},
	"p-preferred-identity": {"P-Preferred-Identity", kindOther, false}, "privacy": {"Privacy", kindOther, false},
	"path": {"Path", kindOther, false}, "proxy-authenticate": {"Proxy-Authenticate", kindOther, false},
	"proxy-authorization": {"Proxy-Authorization", kindOther, false}, "proxy-require": {"Proxy-Require", kindOther, false},
	"rack": {"RAck", kindOther, true}, "reason": {"Reason", kindOther, false},
	"remote-party-id": {"Remote-Party-ID", kindOther, false}, "replaces": {"Replaces", kindOther, true},
	"require": {"Require", kindOther, false}, "retry-after": {"Retry-After", kindOther, true},
	"rseq": {"RSeq", kindOther, true}, "server": {"Server", kindOther, true},
	"subscription-state": {"Subscription-State", kindOther, true}, "timestamp": {"Timestamp", kindOther, true},
	"unsupported": {"Unsupported", kindOther, false}, "user-agent": {"User-Agent", kindOther, true},
	"warning": {"Warning", kindOther, false}, "www-authenticate": {"WWW-Authenticate", kindOther, false},
}

// lookupField finds a header by a name in any case, without allocating.
func lookupField(name string) (field, bool) {
	var buf [24]byte
	if len(name) > len(buf) {
		return field{}, false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	f, ok := fields[string(buf[:len(name)])]
	return f, ok
}
