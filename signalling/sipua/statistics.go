package sipua

import (
	"strconv"
	"strings"

	"tandem/call/signal"
	"tandem/wire/sip"
)

// statistics reads what the phone measured from the headers of its BYE, in the forms that phones use:
//
//	RTP-RxStat: Dur=62,Pkt=3120,Oct=499200,LatePkt=0,LostPkt=2,AvgJit=4     (Cisco)
//	RTP-TxStat: Dur=62,Pkt=3118,Oct=498880
//	P-RTP-Stat: PS=3118,OS=498880,PR=3120,OR=499200,PL=2,JI=4,LA=20,DU=62   (Linksys, Grandstream)
//	X-RTP-Stat: CS=0;PS=3118;ES=0;OS=498880;…;PR=3120;…;PL=2;…;JI=4;DL=20,0,0;…  (AVM, Snom)
//
// Called with mu held.
func (l *leg) statistics(m sip.Message) {
	d := signal.Diagnostics{Call: l.call, Half: l.id, Device: l.st.name, At: l.s.o.Now()}
	any := false
	if line, ok := l.st.device().Line(l.instance); ok {
		d.Line = line.Ref
	}
	if v := sip.HeaderValue(m, "RTP-RxStat"); v != "" {
		f := figures(v)
		d.PacketsReceived, d.OctetsReceived, d.PacketsLost, d.Jitter = f["pkt"], f["oct"], f["lostpkt"], f["avgjit"]
		any = true
	}
	if v := sip.HeaderValue(m, "RTP-TxStat"); v != "" {
		f := figures(v)
		d.PacketsSent, d.OctetsSent = f["pkt"], f["oct"]
		any = true
	}
	for _, name := range [...]string{"P-RTP-Stat", "X-RTP-Stat"} {
		v := sip.HeaderValue(m, name)
		if v == "" {
			continue
		}
		f := figures(v)
		d.PacketsSent, d.OctetsSent = f["ps"], f["os"]
		d.PacketsReceived, d.OctetsReceived, d.PacketsLost, d.Jitter = f["pr"], f["or"], f["pl"], f["ji"]
		d.Latency = f["la"]
		if d.Latency == 0 {
			d.Latency = f["dl"]
		}
		any = true
	}
	if any {
		l.s.o.Exchange.Report(d)
	}
}

// figures reads a list of NAME=NUMBER, separated by comma or semicolon; what is no number is left out.
func figures(v string) map[string]uint32 {
	f := make(map[string]uint32, 8)
	if len(v) > 1024 {
		v = v[:1024]
	}
	for _, p := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' }) {
		name, value, ok := strings.Cut(p, "=")
		if n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32); ok && err == nil {
			f[strings.ToLower(strings.TrimSpace(name))] = uint32(n)
		}
	}
	return f
}

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
