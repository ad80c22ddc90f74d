package sccpstation

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"tandem/bus/runner"
	"tandem/call/signal"
	"tandem/wire/sccp"
)

// benchSite is a site without recording: what is measured is the server.
func benchSite(b *testing.B, phones int) (*Server, *runner.Exchange, []*benchPhone) {
	b.Helper()
	dir := newDirectory()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	x := runner.New(runner.Options{Node: 1, Directory: dir, Log: quiet, Facts: func(signal.Fact) {}})
	p := DefaultParameters()
	p.MessagesPerSecond, p.MessageBurst, p.SilentPerSource = 1<<30, 1<<30, 1<<20
	srv := New(Options{Exchange: x, Directory: dir, Parameters: func() Parameters { return p }, Log: quiet})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	b.Cleanup(func() { srv.Close(); x.Close() })
	all := make([]*benchPhone, phones)
	for i := range all {
		name := fmt.Sprintf("SEP%012X", i+1)
		dir.add(name, "7975", fmt.Sprintf("4%04d", i))
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		all[i] = &benchPhone{conn: conn, r: sccp.NewReader(conn), codec: sccp.NewCodec(17)}
		all[i].send(b, &sccp.Register{Name: name, DeviceType: sccp.Device7975, Version: 17}, &sccp.CapabilitiesRes{Audio: mulaw},
			&sccp.ButtonTemplateReq{}, &sccp.TimeDateReq{})
		all[i].until(b, sccp.IDTimeDateRes)
	}
	for x.Figures().Registered < phones {
		time.Sleep(time.Millisecond)
	}
	return srv, x, all
}

type benchPhone struct {
	conn  net.Conn
	r     *sccp.Reader
	codec sccp.Codec
	buf   []byte
	ref   uint32
}

func (p *benchPhone) send(b testing.TB, messages ...sccp.Message) {
	p.buf = p.buf[:0]
	for _, m := range messages {
		var err error
		if p.buf, err = p.codec.Append(p.buf, m); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := p.conn.Write(p.buf); err != nil {
		b.Fatal(err)
	}
}

func (p *benchPhone) until(b testing.TB, id sccp.MessageID) sccp.Frame {
	for {
		f, err := p.r.ReadFrame()
		if err != nil {
			b.Fatal(err)
		}
		if f.ID == id {
			return f
		}
	}
}

// BenchmarkKeepAlive is one keep-alive and its answer over loopback; the allocations of the whole process count.
func BenchmarkKeepAlive(b *testing.B) {
	_, _, phones := benchSite(b, 1)
	p := phones[0]
	ping := sccp.AppendFrame(nil, 0, sccp.IDKeepAlive, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.conn.Write(ping); err != nil {
			b.Fatal(err)
		}
		p.until(b, sccp.IDKeepAliveAck)
	}
}

// BenchmarkKeepAlives is the rate of 1,000 phones at once, in messages of both directions.
func BenchmarkKeepAlives(b *testing.B) {
	_, _, phones := benchSite(b, 1000)
	ping := sccp.AppendFrame(nil, 0, sccp.IDKeepAlive, nil)
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		p := phones[int(next.Add(1))%len(phones)]
		for pb.Next() {
			_, _ = p.conn.Write(ping)
			p.until(b, sccp.IDKeepAliveAck)
		}
	})
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkCall is a whole call: en bloc, answer, media, hang-up.
func BenchmarkCall(b *testing.B) {
	srv, x, phones := benchSite(b, 2)
	caller, called := phones[0], phones[1]
	before := srv.Figures()
	b.ReportAllocs()
	for b.Loop() {
		caller.send(b, &sccp.EnblocCall{Number: "40001", LineInstance: 1})
		called.until(b, sccp.IDSetRinger)
		called.send(b, &sccp.SoftKeyEvent{Event: sccp.SoftKeyAnswer})
		called.acknowledge(b)
		caller.acknowledge(b)
		caller.until(b, sccp.IDStartMediaTransmission)
		called.until(b, sccp.IDStartMediaTransmission)
		caller.send(b, &sccp.SoftKeyEvent{Event: sccp.SoftKeyEndCall, LineInstance: 1, CallReference: caller.ref})
		caller.ended(b)
		called.ended(b)
	}
	after := srv.Figures()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(float64(after.Sent-before.Sent+after.Received-before.Received)/b.Elapsed().Seconds(), "messages/s")
	_ = x
}

func (p *benchPhone) acknowledge(b testing.TB) {
	m, err := p.codec.DecodeFrame(p.until(b, sccp.IDOpenReceiveChannel))
	if err != nil {
		b.Fatal(err)
	}
	o := m.(*sccp.OpenReceiveChannel)
	p.ref = o.CallReference
	p.send(b, &sccp.OpenReceiveChannelAck{Address: addressOf(p.conn.LocalAddr()), PassThroughPartyID: o.PassThroughPartyID, CallReference: o.CallReference})
}

// ended reads up to the last message of 4.7.
func (p *benchPhone) ended(b testing.TB) {
	p.until(b, sccp.IDClearPromptStatus)
	p.until(b, sccp.IDSetSpeakerMode)
	p.until(b, sccp.IDSetRinger)
}

// BenchmarkRegisteredPhone measures what a registered phone costs, as the slope between two sizes.
func BenchmarkRegisteredPhone(b *testing.B) {
	for b.Loop() {
		heap := func() uint64 {
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapInuse + m.StackInuse
		}
		_, _, few := benchSite(b, 100)
		small := heap()
		_, _, many := benchSite(b, 2100)
		large := heap()
		b.ReportMetric(float64(large-small)/float64(len(many)), "B/phone-with-its-client")
		runtime.KeepAlive(few)
	}
}
