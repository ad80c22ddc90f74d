package main

import (
	"io"
	"os"

	"tandem/admin/client"
	"tandem/fault"
	"tandem/node"
)

// connection says which server a command speaks to.
type connection struct {
	Data   string `env:"TANDEM_DATA" type:"path" placeholder:"DIR" help:"The server's data directory, on its own machine. Absent: ./data, if it is there."`
	Server string `placeholder:"URL" help:"A server elsewhere: https://HOST:8443. It goes before --data."`
	Token  string `env:"TANDEM_TOKEN" placeholder:"TOKEN" help:"API token for --server; better given as TANDEM_TOKEN."`
	CA     string `name:"ca" type:"path" placeholder:"FILE" help:"Certificate, in PEM form, that the one of --server is signed with. Absent: those that the system trusts."`
}

// standardData is the data directory if none is named.
const standardData = "data"

// open makes the client. Nothing is sent yet.
func (k *connection) open() (*client.Client, error) {
	if k.Server != "" {
		if k.Token == "" {
			return nil, fault.New(fault.CommandUsage, "cause", "--server needs a token: --token, or TANDEM_TOKEN")
		}
		var ca []byte
		if k.CA != "" {
			var err error
			if ca, err = readFile(k.CA, certificateLimit); err != nil {
				return nil, err
			}
		}
		return client.Remote(k.Server, k.Token, ca)
	}
	data := k.Data
	if data == "" {
		if s, err := os.Stat(standardData); err != nil || !s.IsDir() {
			return nil, fault.New(fault.CommandUsage, "cause", "neither --data nor --server says which server is meant, and there is no directory ./data here")
		}
		data = standardData
	}
	return client.Local(node.SocketPath(data)), nil
}

// Limits of files that are read, in bytes.
const (
	certificateLimit = 1 << 20
	siteLimit        = 64 << 20
	uploadLimit      = 256 << 20
)

// readFile reads a file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fault.Wrap(err, fault.FileUnreadable, "file", name)
	}
	defer f.Close()
	return readAll(name, f, limit)
}

func readAll(name string, r io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.FileUnreadable, "file", name)
	}
	if int64(len(content)) > limit {
		return nil, fault.New(fault.FileTooLarge, "file", name, "limit", size(limit))
	}
	return content, nil
}
