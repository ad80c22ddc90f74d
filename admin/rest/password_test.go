package rest_test

import (
	"encoding/base64"
	"testing"

	"tandem/admin/rest"
	"tandem/confdb"
	"tandem/fault"
	"tandem/security/login"
	"tandem/telephony"
)

// TestAdministratorsPassword uses the name and password that the first start prints, and guesses at it until it is refused
// for guessing.
func TestAdministratorsPassword(t *testing.T) {
	w := newWorld(t, rest.Limits{})
	hash, err := login.NewHasher(login.StandardCost, nil).Hash("right-one")
	if err != nil {
		t.Fatal(err)
	}
	set := new(confdb.ChangeSet).Put(&telephony.User{UserID: "root", Role: telephony.RoleAdministrator, Password: telephony.NewSecret(hash)},
		&telephony.User{UserID: "nobody", Password: telephony.NewSecret(hash)})
	if _, err := w.ops.Store().Apply(t.Context(), *set, confdb.Options{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	as := func(user, password string) reply {
		return w.send("", "GET", "/api/v1/status", "", nil, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	if a := as("root", "right-one"); a.status != 200 {
		t.Errorf("the right password: %d %s", a.status, a.body)
	}
	as("nobody", "right-one").is(t, "a user without a role", 401, fault.NotAuthenticated)
	as("stranger", "right-one").is(t, "an unknown user", 401, fault.NotAuthenticated)
	limited := false
	for range 20 {
		if as("root", "wrong").status == 429 {
			limited = true
			break
		}
	}
	if !limited {
		t.Error("guessing goes on without end")
	}
}
