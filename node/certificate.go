package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"time"
)

// Files of the server's own certificate.
const (
	certificateFile = "server.crt"
	keyFile         = "server.key"
)

// certificateLife is how long a generated certificate is valid. It is replaced at a start in its last month.
const certificateLife = 397 * 24 * time.Hour

// makeCertificate makes a key and a certificate that the server signs itself, for the web and SIP over TLS. An
// administrator may put others in their place.
func makeCertificate(data, name, address string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	t := x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"Tandem"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife), DNSNames: []string{name, "localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(address); ip != nil && !ip.IsUnspecified() {
		t.IPAddresses = append(t.IPAddresses, ip)
	}
	der, err := x509.CreateCertificate(rand.Reader, &t, &t, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	dir := filepath.Join(data, secretDir)
	if err := writeFile(filepath.Join(dir, keyFile), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, certificateFile), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

// loadTLS reads the server's certificate, making a new one when a generated one runs out. TLS below 1.2 and its weak
// suites are never offered (T-11).
func loadTLS(data, name, address string, now time.Time) (*tls.Config, error) {
	dir := filepath.Join(data, secretDir)
	read := func() (tls.Certificate, error) {
		return tls.LoadX509KeyPair(filepath.Join(dir, certificateFile), filepath.Join(dir, keyFile))
	}
	c, err := read()
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		return nil, err
	}
	own := leaf.Issuer.String() == leaf.Subject.String() && len(leaf.Subject.Organization) == 1 && leaf.Subject.Organization[0] == "Tandem"
	if own && now.After(leaf.NotAfter.Add(-30*24*time.Hour)) {
		if err := makeCertificate(data, name, address, now); err != nil {
			return nil, err
		}
		if c, err = read(); err != nil {
			return nil, err
		}
	}
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}, nil
}
