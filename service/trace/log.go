package trace

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/DeRuina/timberjack"
)

// LogOptions say where the log goes and how much of it is kept. The zero value of each field but Directory takes its default.
type LogOptions struct {
	Directory string         // where the files are; it is made if it is not there
	Name      string         // name of the file without its end, default "tandem"
	Megabytes int            // size at which a new file begins, default 50
	Keep      int            // how many old files are kept, compressed, default 10
	Days      int            // days after which an old file is removed, default 30
	Level     slog.Level     // least level that is written, default slog.LevelInfo
	Screen    io.Writer      // where lines from Level on are shown as text as well, nil for nowhere
	Spare     io.Writer      // where lines go that the file does not take, default os.Stderr
	Failed    func(error)    // called from the log's goroutine when the file does not take lines
	Recovered func()         // called when it does again
	Queue     int            // lines that wait for the disk at most, default 8192
	file      io.WriteCloser // for tests
}

// Log is the structured log of a server: JSON, one line an entry, in files that are rotated. Writing to it never waits for a
// disk: lines wait in a queue, and those that find no room are counted and their number is written when there is room again.
type Log struct {
	level  slog.LevelVar
	file   io.WriteCloser
	opts   LogOptions
	queue  chan []byte
	lost   atomic.Int64
	failed bool // owned by the writing goroutine

	closing sync.RWMutex // write-locked by Close
	closed  bool
	done    chan struct{}
}

// OpenLog makes the directory and the log, and starts the goroutine that writes, which ends with Close.
func OpenLog(opts LogOptions) (*slog.Logger, *Log, error) {
	opts.Name = cmp.Or(opts.Name, "tandem")
	opts.Queue = cmp.Or(opts.Queue, 8192)
	if opts.Spare == nil {
		opts.Spare = os.Stderr
	}
	l := &Log{opts: opts, file: opts.file, queue: make(chan []byte, opts.Queue), done: make(chan struct{})}
	l.level.Set(opts.Level)
	if l.file == nil {
		if err := os.MkdirAll(opts.Directory, 0o750); err != nil {
			return nil, nil, fmt.Errorf("making the directory of the log: %w", err)
		}
		l.file = &timberjack.Logger{
			Filename: filepath.Join(opts.Directory, opts.Name+".log"),
			MaxSize:  cmp.Or(opts.Megabytes, 50), MaxBackups: cmp.Or(opts.Keep, 10), MaxAge: cmp.Or(opts.Days, 30),
			Compression: "gzip", FileMode: 0o640,
		}
	}
	var handler slog.Handler = slog.NewJSONHandler(lineWriter{l}, &slog.HandlerOptions{Level: &l.level})
	if opts.Screen != nil {
		handler = both{handler, slog.NewTextHandler(opts.Screen, &slog.HandlerOptions{Level: &l.level})}
	}
	go l.write()
	return slog.New(handler), l, nil
}

// SetLevel changes the least level that is written, at once.
func (l *Log) SetLevel(level slog.Level) { l.level.Set(level) }

// Lost returns how many lines found no room so far.
func (l *Log) Lost() int64 { return l.lost.Load() }

// Close writes what waits and closes the file. Lines that come later are lost.
func (l *Log) Close() error {
	l.closing.Lock()
	if l.closed {
		l.closing.Unlock()
		<-l.done
		return nil
	}
	l.closed = true
	close(l.queue)
	l.closing.Unlock()
	<-l.done
	return l.file.Close()
}

// lineWriter takes the lines of the JSON handler, one a call.
type lineWriter struct{ log *Log }

func (w lineWriter) Write(line []byte) (int, error) {
	l := w.log
	l.closing.RLock()
	defer l.closing.RUnlock()
	if l.closed {
		l.lost.Add(1)
		return len(line), nil
	}
	select {
	case l.queue <- append([]byte(nil), line...):
	default:
		l.lost.Add(1)
	}
	return len(line), nil
}

// write is the goroutine that owns the file.
func (l *Log) write() {
	defer close(l.done)
	told := int64(0)
	for line := range l.queue {
		if lost := l.lost.Load(); lost > told {
			l.put(fmt.Appendf(nil, `{"level":"WARN","msg":"lines of the log were lost","count":%d}`+"\n", lost-told))
			told = lost
		}
		l.put(line)
	}
}

func (l *Log) put(line []byte) {
	_, err := l.file.Write(line)
	switch {
	case err != nil && !l.failed:
		l.failed = true
		if l.opts.Failed != nil {
			l.opts.Failed(err)
		}
	case err == nil && l.failed:
		l.failed = false
		if l.opts.Recovered != nil {
			l.opts.Recovered()
		}
	}
	if err != nil {
		_, _ = l.opts.Spare.Write(line) // where the spare fails as well, the line is lost: there is no third place
	}
}

// both hands an entry to two handlers.
type both struct{ first, second slog.Handler }

func (b both) Enabled(ctx context.Context, level slog.Level) bool {
	return b.first.Enabled(ctx, level) || b.second.Enabled(ctx, level)
}

func (b both) Handle(ctx context.Context, r slog.Record) error {
	err := b.first.Handle(ctx, r.Clone())
	return cmp.Or(err, b.second.Handle(ctx, r))
}

func (b both) WithAttrs(attrs []slog.Attr) slog.Handler {
	return both{b.first.WithAttrs(attrs), b.second.WithAttrs(attrs)}
}

func (b both) WithGroup(name string) slog.Handler {
	return both{b.first.WithGroup(name), b.second.WithGroup(name)}
}
