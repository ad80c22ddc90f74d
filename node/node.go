package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"tandem/admin"
	"tandem/admin/rest"
	"tandem/bus/runner"
	"tandem/confdb"
	"tandem/confdb/live"
	"tandem/fault"
	"tandem/provision"
	"tandem/provision/firmware"
	"tandem/service"
	"tandem/service/alarm"
	"tandem/service/counter"
	"tandem/service/trace"
	"tandem/signalling/sccpstation"
	"tandem/signalling/sipua"
)

// Options say how a server runs.
type Options struct {
	Data      string
	Address   string // overrides tandem.yaml
	Ports     Ports  // override tandem.yaml where set
	MovePorts bool   // take another port where the wanted one is taken or not permitted, and say so
	Version   string
	Level     slog.Level // least level of lines in the log file
	Screen    io.Writer  // log lines, and what moved; nil: nowhere
	// ScreenLevel is the least level of lines that are shown on Screen; the zero value shows none below warning.
	ScreenLevel slog.Leveler
}

// Node is one server. Open makes it ready to run; Run runs it until its context ends.
type Node struct {
	options  Options
	settings Settings
	lock     *os.File

	log      *slog.Logger
	logFile  *trace.Log
	alarms   *alarm.Board
	counters *counter.Set
	stories  *trace.Stories
	ladders  *trace.Ladders
	watch    *service.Watch
	services *service.Manager
	firmware *firmware.Store

	// What the services have made; guarded by mu, because a service may be stopped and started again.
	mu         sync.RWMutex
	store      *confdb.Store
	membership *membership
	directory  *live.Directory
	records    *records
	exchange   *runner.Exchange
	sccp       *sccpstation.Server
	sip        *sipua.Server
	files      *provision.Service

	busy       busy
	operations *admin.Operations
	web        *rest.Server
	ports      *bound
	started    time.Time
}

// collectAt lets garbage grow to twice what is alive before it is collected: a call leaves much behind in a short time, and
// collecting it at the usual rate costs a fifth of the processor at the highest call rates.
const collectAt = 200

// Open checks the data directory, takes it, and prepares everything that does not need a service. It starts nothing.
func Open(o Options) (n *Node, err error) {
	if err := checkDirectory(o.Data); err != nil {
		return nil, err
	}
	settings, err := loadSettings(o.Data)
	if err != nil {
		return nil, err
	}
	if o.Address != "" {
		settings.Address = o.Address
		if err := settings.check(); err != nil {
			return nil, fault.Wrap(err, fault.SettingsInvalid, "file", "--address")
		}
	}
	settings.Ports = o.Ports.over(settings.Ports).over(StandardPorts)
	n = &Node{options: o, settings: settings, started: time.Now()}
	if n.lock, err = lock(o.Data); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	service.LimitMemory()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	n.alarms = alarm.New(alarm.Options{})
	n.log, n.logFile, err = trace.OpenLog(trace.LogOptions{Directory: filepath.Join(o.Data, logDir), Level: o.Level, Screen: screenOf(o),
		Failed: func(err error) {
			n.alarms.Raise(fault.Wrap(err, fault.LogNotWritten, "file", filepath.Join(o.Data, logDir, "tandem.log")), "log")
		},
		Recovered: func() { n.alarms.Clear(fault.LogNotWritten, "log") }})
	if err != nil {
		return nil, err
	}
	n.counters = counter.New()
	n.stories = trace.NewStories(trace.StoryOptions{})
	n.ladders = trace.NewLadders(trace.LadderOptions{})
	n.watch = service.NewWatch(service.WatchOptions{Directories: []string{o.Data}, Alarms: n.alarms})
	n.ports = newBound(settings, o.MovePorts, o.Screen, PortsPath(o.Data))
	if n.firmware, err = firmware.Open(filepath.Join(o.Data, fileDir), 0); err != nil {
		return nil, err
	}
	n.services, err = service.NewManager(service.Options{
		Log: n.log, Alarms: n.alarms, Story: func(subject string, code fault.Code, sentence string) { n.stories.Tell(subject, code, sentence) },
		Panics: n.counters.Counter("panics", "Faults that were contained, by service.", "service"),
		Store:  service.FileStore{Path: filepath.Join(o.Data, "services.json")},
	}, n.definitions()...)
	if err != nil {
		return nil, err
	}
	n.measure()
	return n, nil
}

// screenOf gives the screen to the log; warnings are what somebody who just runs a server wants to see.
func screenOf(o Options) io.Writer {
	if o.Screen == nil || o.ScreenLevel == nil {
		return nil
	}
	return o.Screen
}

// Run starts every activated service and the local socket, and serves until ctx ends. Then calls are ended, records and
// configuration brought to the disk, and everything closed.
func (n *Node) Run(ctx context.Context) error {
	defer n.close()
	n.web = n.newWeb()
	local, err := listenLocal(SocketPath(n.options.Data))
	if err != nil {
		return fault.Wrap(err, fault.DataDirectoryReadOnly, "directory", n.options.Data)
	}
	background, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { n.watch.Run(background) })
	running.Go(func() {
		if err := n.web.ServeUnix(local); err != nil {
			n.log.Error("the local socket failed", "cause", err)
		}
	})
	n.services.StartAll()
	<-ctx.Done()
	stop, stopped := context.WithTimeout(context.Background(), 30*time.Second)
	defer stopped()
	err = n.services.Shutdown(stop)
	_ = n.web.Close(stop)
	cancel()
	running.Wait()
	return err
}

// WaitReady waits until every activated service has come up or failed.
func (n *Node) WaitReady(ctx context.Context) service.Readiness { return n.services.WaitReady(ctx) }

// Listening tells where the server listens.
func (n *Node) Listening() Listening { return n.ports.listening() }

func (n *Node) close() {
	if n.logFile != nil {
		_ = n.logFile.Close()
	}
	if n.lock != nil {
		_ = os.Remove(PortsPath(n.options.Data))
		_ = n.lock.Close()
		n.lock = nil
	}
}

func listenLocal(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o600)
}
