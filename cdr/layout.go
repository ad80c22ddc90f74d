package cdr

import (
	"net/netip"
	"time"

	"tandem/call/signal"
)

// Layout names a column layout of flat files, in the words of the parameter CDRLayout.
type Layout string

// The layouts (callmanager-4x.md A.10).
const (
	Layout4     Layout = "4.x"
	LayoutLater Layout = "later"
)

// Causes that later releases write for what 4.x writes as 126 and 128.
const (
	laterSplit        = 393216
	laterDropAnyParty = 458752
)

type record = CallRecord

func (l Layout) calls() []column[record] {
	if l == LayoutLater {
		return callsLater
	}
	return calls4
}

func (l Layout) quality() []column[QualityRecord] {
	if l == LayoutLater {
		return qualityLater
	}
	return quality4
}

var (
	calls4       = callColumns(false)
	callsLater   = callColumns(true)
	quality4     = qualityColumns(false)
	qualityLater = qualityColumns(true)
)

func causeOf(n int64) signal.Cause {
	switch {
	case n == laterSplit:
		return signal.CauseSplit
	case n == laterDropAnyParty:
		return signal.CauseDropAnyParty
	case n < 0 || n > 255:
		return signal.CauseNormalUnspecified
	}
	return signal.Cause(n)
}

func laterCause(c signal.Cause) int64 {
	switch c {
	case signal.CauseSplit:
		return laterSplit
	case signal.CauseDropAnyParty:
		return laterDropAnyParty
	}
	return int64(c)
}

func cause(name string, later bool, field func(*record) *signal.Cause) column[record] {
	return integer(name, func(r *record) int64 {
		if later {
			return laterCause(*field(r))
		}
		return int64(*field(r))
	}, func(r *record, n int64) { *field(r) = causeOf(n) })
}

func payload(name string, field func(*record) *string) column[record] {
	return integer(name, func(r *record) int64 { return capability(*field(r)) }, func(r *record, n int64) { *field(r) = codecName(n) })
}

// transport is the pair of columns of a media address.
func transport(prefix, suffix string, field func(*record) *netip.AddrPort) (ip, port column[record]) {
	ip = integer(prefix+"_IP"+suffix, func(r *record) int64 { return signedAddress(field(r).Addr()) },
		func(r *record, n int64) { *field(r) = netip.AddrPortFrom(addressOf(n), field(r).Port()) })
	port = integer(prefix+"_Port"+suffix, func(r *record) int64 { return int64(field(r).Port()) },
		func(r *record, n int64) { *field(r) = netip.AddrPortFrom(field(r).Addr(), uint16(n)) })
	return ip, port
}

// legColumns are the columns of one side: those before its numbers, and those after.
func legColumns(side string, later bool, leg func(*record) *Leg) (head, tail []column[record]) {
	identifier := side + "LegCallIdentifier"
	if side == "dest" {
		identifier = "destLegIdentifier"
	}
	mediaIP, mediaPort := transport(side+"MediaTransportAddress", "", func(r *record) *netip.AddrPort { return &leg(r).Media })
	videoIP, videoPort := transport(side+"VideoTransportAddress", "", func(r *record) *netip.AddrPort { return &leg(r).Video })
	head = []column[record]{
		counter(identifier, func(r *record) *uint32 { return &leg(r).ID }),
		counter(side+"NodeId", func(r *record) *uint16 { return &leg(r).Node }),
		constant[record](side+"Span", 0),
		integer(side+"IpAddr", func(r *record) int64 { return signedAddress(leg(r).Address) }, func(r *record, n int64) {
			leg(r).Address = addressOf(n)
		}),
	}
	tail = []column[record]{
		constant[record](side+"Cause_location", 0),
		cause(side+"Cause_value", later, func(r *record) *signal.Cause { return &leg(r).Cause }),
		constant[record](side+"PrecedenceLevel", 4), // 4 is routine: no call has another precedence
		mediaIP, mediaPort,
		payload(side+"MediaCap_payloadCapability", func(r *record) *string { return &leg(r).Codec }),
		counter(side+"MediaCap_maxFramesPerPacket", func(r *record) *uint16 { return &leg(r).Ptime }),
		constant[record](side+"MediaCap_g723BitRate", 0),
		payload(side+"VideoCap_Codec", func(r *record) *string { return &leg(r).VideoCodec }),
		constant[record](side+"VideoCap_Bandwidth", 0),
		constant[record](side+"VideoCap_Resolution", 0),
		videoIP, videoPort,
	}
	if later {
		tail = append(tail, empty[record](side+"RSVPAudioStat", 64), empty[record](side+"RSVPVideoStat", 64))
	}
	return head, tail
}

func orig(r *record) *Leg { return &r.Orig }
func dest(r *record) *Leg { return &r.Dest }

// callColumns lists the columns of call detail records in their order: that of 4.x, or that of the flat files of later
// releases up to the hunt pilot, which adds columns in between.
func callColumns(later bool) []column[record] {
	callingUser := word("callingPartyLoginUserID", 128, func(r *record) *string { return &r.Calling.User })
	calledUser := word("finalCalledPartyLoginUserID", 128, func(r *record) *string { return &r.FinalCalled.User })
	if later {
		callingUser.name, calledUser.name = "callingPartyUnicodeLoginUserID", "finalCalledPartyUnicodeLoginUserID"
	}
	origHead, origTail := legColumns("orig", later, orig)
	destHead, destTail := legColumns("dest", later, dest)
	cluster := word("globalCallId_ClusterId", 50, func(r *record) *string { return &r.Cluster })
	if later {
		cluster.name = "globalCallId_ClusterID"
	}

	c := []column[record]{
		constant[record]("cdrRecordType", 1),
		integer("globalCallID_callManagerId", func(r *record) int64 { return int64(r.Call.Manager) },
			func(r *record, n int64) { r.Call.Manager = signal.NodeID(n) }),
		counter("globalCallID_callId", func(r *record) *uint32 { return &r.Call.Call }),
		origHead[0],
		moment("dateTimeOrigination", func(r *record) *time.Time { return &r.Began }),
	}
	c = append(c, origHead[1:]...)
	c = append(c, word("callingPartyNumber", 50, func(r *record) *string { return &r.Calling.Number }))
	if later {
		c = append(c, callingUser)
	}
	c = append(c, origTail...)
	c = append(c, destHead...)
	c = append(c,
		word("originalCalledPartyNumber", 50, func(r *record) *string { return &r.OriginalCalled.Number }),
		word("finalCalledPartyNumber", 50, func(r *record) *string { return &r.FinalCalled.Number }),
	)
	if later {
		c = append(c, calledUser)
	}
	c = append(c, destTail...)
	c = append(c,
		moment("dateTimeConnect", func(r *record) *time.Time { return &r.Connected }),
		moment("dateTimeDisconnect", func(r *record) *time.Time { return &r.Ended }),
		text("lastRedirectDn", 50, func(r *record) string { return lastRedirect(r).Number }, func(r *record, s string) { r.LastRedirect.Number = s }),
		uuid("pkid", func(r *record) *string { return &r.ID }),
		word("originalCalledPartyNumberPartition", 50, func(r *record) *string { return &r.OriginalCalled.Partition }),
		word("callingPartyNumberPartition", 50, func(r *record) *string { return &r.Calling.Partition }),
		word("finalCalledPartyNumberPartition", 50, func(r *record) *string { return &r.FinalCalled.Partition }),
		text("lastRedirectDnPartition", 50, func(r *record) string { return lastRedirect(r).Partition }, func(r *record, s string) { r.LastRedirect.Partition = s }),
		integer("duration", func(r *record) int64 { return r.DurationMS / 1000 }, func(r *record, n int64) { r.DurationMS = n * 1000 }),
		word("origDeviceName", 129, func(r *record) *string { return &r.Orig.Device }),
		word("destDeviceName", 129, func(r *record) *string { return &r.Dest.Device }),
		counter("origCallTerminationOnBehalfOf", func(r *record) *signal.OnBehalfOf { return &r.Orig.TerminatedBy }),
		counter("destCallTerminationOnBehalfOf", func(r *record) *signal.OnBehalfOf { return &r.Dest.TerminatedBy }),
		counter("origCalledPartyRedirectOnBehalfOf", func(r *record) *signal.OnBehalfOf { return &r.OriginalBy }),
		counter("lastRedirectRedirectOnBehalfOf", func(r *record) *signal.OnBehalfOf { return &r.LastBy }),
		counter("origCalledPartyRedirectReason", func(r *record) *signal.RedirectReason { return &r.OriginalReason }),
		counter("lastRedirectRedirectReason", func(r *record) *signal.RedirectReason { return &r.LastReason }),
		counter("destConversationId", func(r *record) *uint32 { return &r.ConversationID }),
	)
	joined := counter("joinOnBehalfOf", func(r *record) *signal.OnBehalfOf { return &r.JoinedBy })
	comment := text("comment", 256, commentColumn, readComment)
	authorization := []column[record]{empty[record]("authCodeDescription", 50), constant[record]("authorizationLevel", 0), empty[record]("clientMatterCode", 32)}
	if !later {
		c = append(c, joined, cluster, comment, callingUser, calledUser)
		return append(c, authorization...)
	}
	c = append(c, cluster, joined, comment)
	c = append(c, authorization...)
	return append(c, laterColumns()...)
}

// laterColumns are those that later releases append.
func laterColumns() []column[record] {
	c := []column[record]{
		constant[record]("origDTMFMethod", 0), constant[record]("destDTMFMethod", 0), constant[record]("callSecuredStatus", 0),
		constant[record]("origConversationId", 0), constant[record]("origMediaCap_Bandwidth", 0), constant[record]("destMediaCap_Bandwidth", 0),
		empty[record]("authorizationCodeValue", 32), empty[record]("outpulsedCallingPartyNumber", 50), empty[record]("outpulsedCalledPartyNumber", 50),
		address("origIpv4v6Addr", orig), address("destIpv4v6Addr", dest),
	}
	for _, side := range []string{"orig", "dest"} {
		for _, name := range []string{"VideoCap_Codec", "VideoCap_Bandwidth", "VideoCap_Resolution", "VideoTransportAddress_IP",
			"VideoTransportAddress_Port", "VideoChannel_Role"} {
			c = append(c, constant[record](side+name+"_Channel2", 0))
		}
	}
	return append(c,
		constant[record]("IncomingProtocolID", 0), empty[record]("IncomingProtocolCallRef", 32),
		constant[record]("OutgoingProtocolID", 0), empty[record]("OutgoingProtocolCallRef", 32),
		constant[record]("currentRoutingReason", 0), constant[record]("origRoutingReason", 0), constant[record]("lastRedirectingRoutingReason", 0),
		empty[record]("huntPilotPartition", 50), empty[record]("huntPilotDN", 50),
	)
}

// address is the column that takes addresses of both families.
func address(name string, leg func(*record) *Leg) column[record] {
	return text(name, 64, func(r *record) string {
		if a := leg(r).Address; a.IsValid() {
			return a.String()
		}
		return ""
	}, func(r *record, s string) {
		if a, err := netip.ParseAddr(s); err == nil {
			leg(r).Address = a.WithZone("")
		}
	})
}

// lastRedirect is what the columns of the last redirection show: of a call that was not redirected, the called party.
func lastRedirect(r *record) Party {
	if r.LastReason == signal.RedirectNone && r.LastRedirect.Number == "" {
		return r.OriginalCalled
	}
	return r.LastRedirect
}

// qualityColumns lists the columns of call management records.
func qualityColumns(later bool) []column[QualityRecord] {
	type q = QualityRecord
	number := word("directoryNumber", 50, func(r *q) *string { return &r.Number })
	partition := word("directoryNumberPartition", 50, func(r *q) *string { return &r.Partition })
	leg := counter("callIdentifier", func(r *q) *uint32 { return &r.Leg })
	device := word("deviceName", 129, func(r *q) *string { return &r.Device })
	cluster := word("globalCallId_ClusterId", 50, func(r *q) *string { return &r.Cluster })
	c := []column[q]{
		constant[q]("cdrRecordType", 2),
		integer("globalCallID_callManagerId", func(r *q) int64 { return int64(r.Call.Manager) }, func(r *q, n int64) { r.Call.Manager = signal.NodeID(n) }),
		counter("globalCallID_callId", func(r *q) *uint32 { return &r.Call.Call }),
		counter("nodeId", func(r *q) *uint16 { return &r.Node }),
	}
	if later {
		number.name, partition.name, cluster.name = "directoryNum", "directoryNumPartition", "globalCallId_ClusterID"
		c = append(c, number, leg)
	} else {
		c = append(c, leg, number)
	}
	c = append(c,
		moment("dateTimeStamp", func(r *q) *time.Time { return &r.At }),
		counter("numberPacketsSent", func(r *q) *uint32 { return &r.PacketsSent }),
		counter("numberOctetsSent", func(r *q) *uint32 { return &r.OctetsSent }),
		counter("numberPacketsReceived", func(r *q) *uint32 { return &r.PacketsReceived }),
		counter("numberOctetsReceived", func(r *q) *uint32 { return &r.OctetsReceived }),
		counter("numberPacketsLost", func(r *q) *uint32 { return &r.PacketsLost }),
		counter("jitter", func(r *q) *uint32 { return &r.Jitter }),
		counter("latency", func(r *q) *uint32 { return &r.Latency }),
		uuid("pkid", func(r *q) *string { return &r.ID }),
		partition,
	)
	if later {
		return append(c, cluster, device, empty[q]("varVQMetrics", 600))
	}
	return append(c, device, cluster)
}
