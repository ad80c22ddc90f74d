package signal

// Party is one participant as others are told about it.
type Party struct {
	Number            string // directory number or outside number, as it can be called back
	Name              string // for displays; UTF-8
	Partition         string
	Device            string // name of the device; empty when outside the cluster
	User              string // owner of the device or whoever is logged in; for call records
	NumberRestricted  bool   // presentation of the number is restricted
	NameRestricted    bool
	VoiceMail         string // pilot number of the party's mailbox
	LineTextForCaller string // text that the called line wants shown to callers (alerting name)
}

// Presented returns the party as the other side may see it: restricted fields are empty.
func (p Party) Presented() Party {
	if p.NumberRestricted {
		p.Number = ""
	}
	if p.NameRestricted {
		p.Name = ""
	}
	return p
}

// Redirection tells where a call has been on its way: the number called first and the last that sent it on.
type Redirection struct {
	Hops           int // how many times the call was sent on; bounded by the Forward Maximum Hop Count
	Original       Party
	OriginalReason RedirectReason
	OriginalBy     OnBehalfOf
	Last           Party
	LastReason     RedirectReason
	LastBy         OnBehalfOf
}

// Add returns the redirection after from sent the call on.
func (r Redirection) Add(from Party, reason RedirectReason, by OnBehalfOf) Redirection {
	if r.Hops == 0 {
		r.Original, r.OriginalReason, r.OriginalBy = from, reason, by
	}
	r.Hops++
	r.Last, r.LastReason, r.LastBy = from, reason, by
	return r
}
