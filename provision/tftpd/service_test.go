package tftpd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/fault"
	"tandem/provision"
	"tandem/provision/firmware"
	"tandem/telephony"
	"tandem/telephony/parameter"
	"tandem/wire/tftp"
)

// one is the smallest configuration: one phone, one added file.
type one struct {
	phone  *telephony.Phone
	file   *telephony.FirmwareFile
	values *parameter.Values
}

func (o *one) Phone(n telephony.DeviceName) *telephony.Phone {
	if n == o.phone.Name {
		return o.phone
	}
	return nil
}
func (o *one) Phones() iter.Seq[*telephony.Phone] { return slices.Values([]*telephony.Phone{o.phone}) }
func (o *one) Product(n telephony.ProductName) *telephony.Product {
	for _, p := range telephony.BuiltInProducts() {
		if p.Name == n {
			return p
		}
	}
	return nil
}
func (o *one) Products() iter.Seq[*telephony.Product] {
	return slices.Values(telephony.BuiltInProducts())
}
func (o *one) DevicePool(telephony.DevicePoolName) *telephony.DevicePool          { return nil }
func (o *one) CallManagerGroup(telephony.GroupName) *telephony.CallManagerGroup   { return nil }
func (o *one) SRSTReference(telephony.SRSTReferenceName) *telephony.SRSTReference { return nil }
func (o *one) DateTimeGroup(telephony.DateTimeGroupName) *telephony.DateTimeGroup {
	return nil
}
func (o *one) Server(telephony.ServerName) *telephony.Server                     { return nil }
func (o *one) DirectoryNumber(telephony.LineKey) *telephony.DirectoryNumber      { return nil }
func (o *one) User(telephony.UserID) *telephony.User                             { return nil }
func (o *one) ButtonTemplateOf(*telephony.Phone) *telephony.ButtonTemplate       { return nil }
func (o *one) SoftkeyTemplateOf(*telephony.Phone) *telephony.SoftkeyTemplate     { return nil }
func (o *one) AutoRegistration(telephony.ServerName) *telephony.AutoRegistration { return nil }
func (o *one) Parameters(telephony.ServerName) *parameter.Values                 { return o.values }
func (o *one) FirmwareFiles() iter.Seq[*telephony.FirmwareFile] {
	return slices.Values([]*telephony.FirmwareFile{o.file})
}
func (o *one) DeviceDefaults(telephony.ProductName, telephony.Protocol) *telephony.DeviceDefaults {
	return nil
}
func (o *one) FirmwareFile(name string) *telephony.FirmwareFile {
	if name == o.file.Name {
		return o.file
	}
	return nil
}

// stories collects what is told, from any goroutine.
type stories struct {
	mu    sync.Mutex
	lines []string
}

func (s *stories) Tell(device string, _ fault.Code, sentence string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, device+": "+sentence)
}
func (s *stories) Raise(*fault.Error, string)    {}
func (s *stories) Event(*fault.Error, string)    {}
func (s *stories) Clear(fault.Code, string) bool { return false }
func (s *stories) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(strings.Join(s.lines, "\n"), text)
}

// both starts the real service behind both servers, with a secret file beside its store.
func both(t *testing.T) (*Server, *HTTPServer, *stories, []byte) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("root:secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := firmware.Open(filepath.Join(dir, "files"), 0)
	if err != nil {
		t.Fatal(err)
	}
	load := noise(12, 100_000)
	hash, size, err := store.Put(bytes.NewReader(load))
	if err != nil {
		t.Fatal(err)
	}
	c := &one{
		phone:  &telephony.Phone{Name: "SEP0000AAAA2003", Product: "Cisco 7960", Protocol: telephony.ProtocolSCCP},
		file:   &telephony.FirmwareFile{Name: "P00308010200.bin", SHA256: hash, Size: size},
		values: parameter.NewValues("cm1", nil, nil),
	}
	told := &stories{}
	service := provision.New(provision.Options{Server: "cm1", Configuration: func() provision.Configuration { return c }, Contents: store, Story: told, Alarms: told})
	return serve(t, service, Config{}), serveHTTP(t, service, HTTPConfig{}), told, load
}

func TestPhoneFetchesItsFiles(t *testing.T) {
	s, h, told, load := both(t)
	content, _, err := get(t, s, "SEP0000AAAA2003.cnf.xml", tftp.GetOptions{})
	if err != nil || !strings.Contains(string(content), "<processNodeName>127.0.0.1</processNodeName>") {
		t.Fatalf("%v\n%s", err, content)
	}
	got, _, err := get(t, s, "P00308010200.bin", tftp.GetOptions{BlockSize: 1024, TransferSize: true})
	if err != nil || !bytes.Equal(got, load) {
		t.Fatal(len(got), err)
	}
	answer, err := http.Get(fmt.Sprintf("http://%v/SEP0000AAAA2003.cnf.xml", h.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); !bytes.Equal(body, content) {
		t.Error("HTTP serves another file than TFTP")
	}
	eventually(t, "the story of the phone", func() bool {
		return told.has("SEP0000AAAA2003: Asked for SEP0000AAAA2003.cnf.xml over TFTP from 127.0.0.1 and got it") &&
			told.has("SEP0000AAAA2003: Asked for P00308010200.bin over TFTP from 127.0.0.1 and got it, 100,000 bytes") &&
			told.has("SEP0000AAAA2003: Asked for SEP0000AAAA2003.cnf.xml over HTTP from 127.0.0.1 and got it")
	})
}

// T-8: names that lead elsewhere, over both transports, as they stand on the wire.
func TestT08_TraversalOverTheWire(t *testing.T) {
	s, h, _, _ := both(t)
	for _, name := range []string{
		"../secret", "../../../../etc/passwd", "/etc/passwd", `..\..\secret`, "....//secret", "%2e%2e/secret", "files/../../secret",
		"P00308010200.bin/../secret", "./secret", "C:/secret", "secret", "..%2fsecret", "%252e%252e/secret", "\xc0\xae\xc0\xae/secret",
	} {
		content, _, err := get(t, s, name, tftp.GetOptions{})
		var failure tftp.Failure
		if len(content) > 0 || !errors.As(err, &failure) || failure.Code != tftp.FileNotFound {
			t.Errorf("TFTP %q: %q, %v", name, content, err)
		}
		conn, err := net.Dial("tcp", h.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprintf(conn, "GET /%s HTTP/1.0\r\n\r\n", name)
		reply, _ := io.ReadAll(conn)
		conn.Close()
		if status, _, _ := strings.Cut(string(reply), "\r\n"); !strings.Contains(status, " 404 ") && !strings.Contains(status, " 400 ") || bytes.Contains(reply, []byte("root:")) {
			t.Errorf("HTTP %q: %q", name, reply)
		}
	}
}

// A phone in a test fetches through this client; so the two are tried against each other with files of every
// size around a block.
func TestEverySizeAroundABlock(t *testing.T) {
	m := newMemory()
	for _, size := range []int{1, 7, 8, 9, 15, 16, 17, 511, 512, 513, 1023, 1024, 1025, 1467, 1468, 1469} {
		m.files[fmt.Sprint(size)] = noise(uint64(size), size)
	}
	s := serve(t, m, Config{})
	for name, content := range m.files {
		for _, o := range []tftp.GetOptions{{BlockSize: 8, Window: 3}, {BlockSize: 512}, {BlockSize: 1468, Window: 2}} {
			if len(content) > 2000 {
				continue
			}
			got, _, err := tftp.Get(context.Background(), s.Addr().String(), name, o)
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s with %+v: %d octets, %v", name, o, len(got), err)
			}
		}
	}
}
