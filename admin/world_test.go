package admin_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tandem/admin"
	"tandem/admin/client"
	"tandem/call/signal"
	"tandem/cdr"
	"tandem/confdb"
	"tandem/confdb/live"
	"tandem/fault"
	"tandem/provision/firmware"
	"tandem/registration"
	"tandem/service"
	"tandem/service/alarm"
	"tandem/service/trace"
	"tandem/telephony"
	"tandem/telephony/parameter"
)

const site = `
servers: [{name: cm1, address: 127.0.0.1}]
callManagerGroups: [{name: Default, members: [cm1]}]
regions: [{name: HQ}, {name: Spare}]
locations: [{name: HQ}]
dateTimeGroups: [{name: Berlin, timeZone: Europe/Berlin}]
devicePools: [{name: HQ, callManagerGroup: Default, region: HQ, location: HQ, dateTimeGroup: Berlin}]
partitions: [{name: internal}]
callingSearchSpaces: [{name: staff, partitions: [internal]}]
users:
  - {userId: root, role: administrator, password: open-sesame-1}
  - {userId: olga, role: operator}
  - {userId: alice, firstName: Alice, digestPassword: alice-secret-9, pin: "73519"}
directoryNumbers:
  - {pattern: "2001", partition: internal, display: Alice}
  - {pattern: "2002", partition: internal, display: Bob, forwardBusy: {destination: "2001", callingSearchSpace: staff}}
phones:
  - {name: SIP2001, protocol: SIP, product: Generic SIP phone, devicePool: HQ, callingSearchSpace: staff, digestUser: alice, lines: [{directoryNumber: "2001", partition: internal, label: Alice}]}
  - {name: SEP0000AAAA2002, protocol: SCCP, product: Cisco 7960, devicePool: HQ, callingSearchSpace: staff, lines: [{directoryNumber: "2002", partition: internal}]}
`

// words of the site that no answer may show.
var secrets = []string{"open-sesame-1", "alice-secret-9", "73519", "$argon2id$"}

type hasher struct{}

func (hasher) Hash(p string) (string, error) { return "$argon2id$" + p + "/salt", nil }
func (hasher) Verify(h, p string) bool       { return h == "$argon2id$"+p+"/salt" }

type calls struct{}

func (calls) Calls() []signal.LineCall {
	return []signal.LineCall{{Device: "SIP2001", Instance: 1}}
}
func (calls) Registrations() []registration.Registration {
	r, _ := calls{}.Registration("SIP2001")
	return []registration.Registration{r}
}
func (calls) ClusterRegistrations() []admin.Registered {
	r, _ := calls{}.Registration("SIP2001")
	return []admin.Registered{{Registration: r}}
}
func (calls) Registration(device string) (registration.Registration, bool) {
	return registration.Registration{Attachment: signal.Attachment{Device: "SIP2001", Protocol: "SIP"}, Node: 1}, device == "SIP2001"
}

// world is the operations over a configuration in memory, and what they wrote.
type world struct {
	*admin.Operations
	store    *confdb.Store
	log      *bytes.Buffer
	writable error
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{log: &bytes.Buffer{}}
	w.store = confdb.NewMemoryWith(confdb.StoreOptions{Hasher: hasher{}})
	board := alarm.New(alarm.Options{})
	services, err := service.NewManager(service.Options{Alarms: board}, service.Definition{Name: service.TFTP, About: "Gives files.", Activated: true,
		Start: func(*service.Host) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = services.Shutdown(context.Background()) })
	services.StartAll()
	ready, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	if r := services.WaitReady(ready); r.ExitStatus() != 0 {
		t.Fatalf("the services do not start: %+v", r)
	}
	files, err := firmware.Open(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	records, err := cdr.Open(t.TempDir(), cdr.Options{Cluster: "c", Node: 1, Parameters: func() *parameter.Values { return w.store.Snapshot().Parameters("cm1") }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = records.Close(context.Background()) })
	directory, err := live.New("cm1", w.store.Snapshot(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = directory.Follow(ctx, w.store, func(live.Change) {}) }()
	t.Cleanup(func() { cancel(); <-done })
	w.Operations = admin.New(admin.Sources{Server: "cm1", Version: "test", Started: time.Now(),
		Store: func() *confdb.Store { return w.store }, Directory: func() *live.Directory { return directory },
		Calls: func() admin.Calls { return calls{} }, Records: func() cdr.Reports { return cdr.Reports{Server: "cm1", Local: records} },
		Services: services, Alarms: board, Stories: trace.NewStories(trace.StoryOptions{}), Ladders: trace.NewLadders(trace.LadderOptions{}),
		Firmware: files, Listening: func() map[string]string { return map[string]string{"web": "127.0.0.1:1"} },
		Restart: func(device string) bool { return device == "SIP2001" }, Writable: func() error { return w.writable },
		Log: slog.New(slog.NewJSONHandler(w.log, nil))})
	if _, err := w.Apply(as(telephony.RoleAdministrator), "site.yaml", []byte(site), false); err != nil {
		t.Fatal(err)
	}
	return w
}

func as(role telephony.Role) context.Context {
	return admin.With(context.Background(), admin.Identity{Name: "tester", User: "root", Role: role, Address: "192.0.2.1"})
}

var root = as(telephony.RoleAdministrator)

// refusedWith fails unless err carries the code.
func refusedWith(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("got %v, want %s", err, code)
	}
}

func (w *world) lastAudit(t *testing.T) client.AuditEntry {
	t.Helper()
	a, err := w.Audit(root, 1)
	if err != nil || len(a) != 1 {
		t.Fatalf("the audit log: %v %v", a, err)
	}
	return a[0]
}

func noSecrets(t *testing.T, where string, text []byte) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(string(text), s) {
			t.Errorf("%s shows %q", where, s)
		}
	}
}

// between is a file in the middle of whose arrival something happens.
type between struct {
	do   func()
	read int
}

func (b *between) Read(p []byte) (int, error) {
	switch b.read++; b.read {
	case 1:
		return copy(p, "slow"), nil
	case 2:
		b.do()
		return copy(p, "file"), nil
	}
	return 0, io.EOF
}
