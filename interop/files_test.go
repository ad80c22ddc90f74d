package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/sim/lab"
)

// Every client of others fetches the same file, over TFTP and HTTP, and it says where the phone's server is.
func TestPhoneFilesAreFetched(t *testing.T) {
	t.Parallel()
	s := server(t)
	dir := t.TempDir()
	name := sccpDevice(6001) + ".cnf.xml"
	host, port := lab.Loopback, fmt.Sprint(s.Port("tftp"))
	fetched := map[string]string{}
	for _, c := range []struct {
		client string
		args   func(into string) []string
	}{
		{"tftp", func(into string) []string { return []string{"-m", "binary", host, port, "-c", "get", name, into} }},
		{"atftp", func(into string) []string { return []string{"-g", "-r", name, "-l", into, host, port} }},
		{"curl", func(into string) []string {
			return []string{"-sS", "-f", "-o", into, "tftp://" + host + ":" + port + "/" + name}
		}},
		{"curl", func(into string) []string {
			return []string{"-sS", "-f", "-o", into, "http://" + s.Address("provisioning") + "/" + name}
		}},
	} {
		into := filepath.Join(dir, fmt.Sprint(c.client, len(fetched)))
		if out, err := run(t, 2*step, c.client, c.args(into)...); err != nil {
			t.Errorf("%s: %v\n%s", c.client, err, out)
			continue
		}
		data, err := os.ReadFile(into)
		if err != nil {
			t.Errorf("%s: %v", c.client, err)
			continue
		}
		fetched[filepath.Base(into)] = string(data)
	}
	first := fetched["tftp0"]
	for client, text := range fetched {
		if text != first {
			t.Errorf("%s got another file:\n%s\nthan tftp:\n%s", client, text, first)
		}
	}
	for _, want := range []string{"<deviceProtocol>SCCP</deviceProtocol>", fmt.Sprintf("<ethernetPhonePort>%d</ethernetPhonePort>", s.Port("sccp"))} {
		if !strings.Contains(first, want) {
			t.Errorf("the file lacks %s:\n%s", want, first)
		}
	}
	// What is not there is refused, not served empty.
	for _, missing := range []string{"../secrets/data.key", "nothing.bin"} {
		into := filepath.Join(dir, "missing")
		if out, err := run(t, 2*step, "curl", "-sS", "-f", "-o", into, "tftp://"+host+":"+port+"/"+missing); err == nil {
			t.Errorf("%s was served: %s", missing, out)
		}
	}
}
