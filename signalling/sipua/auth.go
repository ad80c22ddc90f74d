package sipua

import (
	"tandem/fault"
	"tandem/registration"
	"tandem/wire/sip"
)

// secrets shows the credentials of the configuration to a sip.Verifier.
type secrets struct{ Credentials }

// HA1 implements sip.Secrets.
func (s secrets) HA1(user, _ string, a sip.Algorithm) (string, bool) {
	return s.Credentials.HA1(user, a)
}

// authenticate finds out which device a request comes from. Without proof it answers the request and returns nil. What
// it answers does not tell whether a user exists, has another password or sent none (T-5): always 401, with the same
// headers, after the same work.
func (s *Server) authenticate(tx *sip.ServerTx, req *sip.Request) *registration.Device {
	a := s.verifier.Check(req, false)
	source := tx.Flow().Remote()
	dev, known := s.o.Directory.DeviceOfDigestUser(a.User)
	switch a.Outcome {
	case sip.Granted:
		if known {
			s.guard.granted(source)
			return dev
		}
		// A user without a phone: as good as none.
		s.denied(nil, a.User, tx, req)
	case sip.Denied:
		s.denied(dev, a.User, tx, req)
	default:
		s.guard.challenged(source)
	}
	res := tx.Response(401, "")
	s.challenger(req).Challenge(res, a.Outcome == sip.Stale)
	_ = tx.Respond(res)
	return nil
}

// denied notes wrong credentials for the administrator; the sender learns nothing of it.
func (s *Server) denied(dev *registration.Device, user string, tx *sip.ServerTx, req *sip.Request) {
	source := tx.Flow().Remote()
	s.guard.failed(source)
	if dev == nil {
		s.o.Log.Info("a SIP request was refused: no phone has this digest user", "user", user, "method", string(req.Method), "address", source.String())
		return
	}
	f := fault.New(fault.SIPAuthenticationFailed, "address", source.String())
	s.say(dev.Name, string(f.Code), "%s from %s: the password of user %s is wrong", req.Method, source, user)
	s.o.Log.Info("a SIP request was refused: wrong password", "device", dev.Name, "user", user, "method", string(req.Method), "address", source.String())
}

// challenger chooses the algorithms that are offered. SHA-256 goes to phones whose product can, because some others stumble
// over two challenges. Everybody else, known or not, gets MD5: nearly all phones do, so that the choice tells a scanner
// nothing; who marks a product for SHA-256 lets it be seen that its phones exist.
func (s *Server) challenger(req *sip.Request) *sip.Verifier {
	if dev, ok := s.o.Directory.DeviceOfNumber(userOf(req.From().Address)); ok && dev.Product.DigestSHA256 {
		return s.verifier
	}
	return s.md5Only
}

// userOf is the user part of a URI without escapes and without what may follow a number; empty if it cannot be read.
func userOf(u sip.URI) string {
	user := u.User
	if u.Scheme == "tel" {
		user = u.Host
		if user == "" {
			user = u.User
		}
	}
	user, ok := sip.Unescape(user)
	if !ok {
		return ""
	}
	for i := 0; i < len(user); i++ {
		if user[i] == ';' {
			return user[:i]
		}
	}
	return user
}
