package rest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"tandem/admin/rest"
	"tandem/fault"
)

func TestWhoAsks(t *testing.T) {
	w := newWorld(t, rest.Limits{})
	w.send("", "GET", "/api/v1/status", "", nil).is(t, "no token", 401, fault.NotAuthenticated)
	w.send("", "GET", "/metrics", "", nil).is(t, "metrics without a token", 401, fault.NotAuthenticated)
	w.send("", "GET", "/api/v1/openapi.json", "", nil).is(t, "the description without a token", 401, fault.NotAuthenticated)
	w.send("", "GET", "/api/v1/status", "", nil, "Authorization", w.token).is(t, "no scheme", 401, fault.NotAuthenticated)
	if a := w.send("", "GET", "/api/v1/status", "", nil, "Authorization", "bearer "+w.token); a.status != 200 {
		t.Errorf("a scheme in small letters: %d", a.status)
	}
	if a := w.get("/metrics"); a.status != 200 || !strings.Contains(string(a.body), "tandem_calls") {
		t.Errorf("metrics: %d %s", a.status, a.body)
	}
	if a := w.get("/api/v1/status"); a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", a.header)
	}
	a, err := w.local.Get("http://x/api/v1/tokens")
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if a.StatusCode != 200 {
		t.Errorf("the local socket: %d", a.StatusCode)
	}
	for i := range 30 {
		a := w.send("wrong", "GET", "/api/v1/status", "", nil)
		if a.status == 429 {
			a.is(t, "too many", 429, fault.RequestsTooFast)
			if i < 5 || a.header.Get("Retry-After") == "" {
				t.Errorf("refused at attempt %d, %v", i, a.header)
			}
			break
		}
		a.is(t, "a wrong token", 401, fault.NotAuthenticated)
		if a.header.Get("WWW-Authenticate") == "" {
			t.Error("no challenge")
		}
		if i == 29 {
			t.Error("nobody slows down who guesses")
		}
	}
	if a := w.get("/api/v1/status"); a.status != 200 {
		t.Errorf("the right token beside wrong ones: %d", a.status)
	}
}

type description struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Summary     string `json:"summary"`
	} `json:"paths"`
}

func (w *world) description() description {
	w.t.Helper()
	var d description
	if a := w.get("/api/v1/openapi.json"); json.Unmarshal(a.body, &d) != nil || len(d.Paths) < 20 {
		w.t.Fatalf("the description: %d %.200s", a.status, a.body)
	}
	return d
}

var hole = regexp.MustCompile(`\{[a-z]+\}`)

// TestEveryRouteIsDescribedAndReachable calls each operation of the description.
func TestEveryRouteIsDescribedAndReachable(t *testing.T) {
	w := newWorld(t, rest.Limits{})
	page := string(w.get("/api/v1/docs").body)
	seen := map[string]bool{}
	for path, methods := range w.description().Paths {
		for method, o := range methods {
			if o.Summary == "" || o.OperationID == "" || seen[o.OperationID] {
				t.Errorf("%s %s: %+v", method, path, o)
			}
			seen[o.OperationID] = true
			if !strings.Contains(page, strings.ToUpper(method)+" "+path+"\n    "+o.Summary) {
				t.Errorf("%s %s is not on the page", method, path)
			}
			a := w.send(w.token, strings.ToUpper(method), hole.ReplaceAllString(path, "x"), "application/json", text("{"))
			if a.status == 405 || a.status == 404 && strings.Contains(string(a.body), string(fault.NotHere)) {
				t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
			}
			if a.status >= 400 && a.header.Get("Content-Type") != fault.ProblemContentType {
				t.Errorf("%s %s: %d as %s", method, path, a.status, a.header.Get("Content-Type"))
			}
		}
	}
	for _, id := range []string{"status", "apply", "export", "list", "get", "put", "delete", "route", "create-token", "add-file", "audit"} {
		if !seen[id] {
			t.Errorf("%s is not described", id)
		}
	}
}

// TestT09_StateChangeWithoutTokenIsRefused tries everything that changes something without a token, with a wrong one and as an
// auditor (T-9).
func TestT09_StateChangeWithoutTokenIsRefused(t *testing.T) {
	w := newWorld(t, rest.Limits{})
	before := string(w.get("/api/v1/export").body)
	tried := 0
	for path, methods := range w.description().Paths {
		for method := range methods {
			if method == "get" {
				continue
			}
			tried++
			path, method := hole.ReplaceAllString(path, "x"), strings.ToUpper(method)
			w.send("", method, path, "application/json", text("{}"), "Origin", "https://elsewhere.example").is(t, method+" "+path, 401, fault.NotAuthenticated)
			w.send(w.auditor, method, path, "application/json", text("{}")).is(t, method+" "+path+" as auditor", 403, fault.NotAuthorised)
		}
	}
	if tried < 8 || string(w.get("/api/v1/export").body) != before {
		t.Errorf("%d tried, or something changed", tried)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, rest.Limits{})
	w.get("/api/v1/nothing").is(t, "unknown", 404, fault.NotHere)
	w.get("/<script>").is(t, "unknown", 404, fault.NotHere)
	a := w.send(w.token, "POST", "/api/v1/status", "", nil)
	a.is(t, "a wrong method", 405, fault.RequestInvalid)
	if a.header.Get("Allow") != "GET" {
		t.Errorf("Allow %q", a.header.Get("Allow"))
	}
	w.get("/api/v1/objects/thing/x").is(t, "an unknown kind", 404, fault.KindUnknown)
	w.get("/api/v1/objects/partition/x").is(t, "an unknown object", 404, fault.ObjectNotFound)
	w.get("/api/v1/objects/partitions?limit=-1").is(t, "a wrong limit", 422, fault.RequestInvalid)
	w.get("/api/v1/objects/partition/"+strings.Repeat("x", 300)).is(t, "a long name", 422, fault.RequestInvalid)
	w.send(w.token, "POST", "/api/v1/tokens", "application/json", text("{")).is(t, "half a body", 400, fault.RequestInvalid)
	w.send(w.token, "POST", "/api/v1/tokens", "application/json", text(`{"name":"x","role":"king"}`)).is(t, "a wrong role", 422, fault.RequestInvalid)
	for _, bad := range []string{"partitions: [", "x", "\x00\xff"} {
		a := w.send(w.token, "POST", "/api/v1/apply", "application/yaml", text(bad))
		if a.status != 400 && a.status != 422 || !strings.Contains(string(a.body), "TDM-CFG-") {
			t.Errorf("%q: %d %s", bad, a.status, a.body)
		}
	}
	a = w.send(w.token, "POST", "/api/v1/apply", "application/yaml", text("callingSearchSpaces: [{name: a, partitions: [x]}, {name: b, partitions: [y]}]"))
	var several struct{ Problems []fault.Error }
	if err := json.Unmarshal(a.body, &several); err != nil || len(several.Problems) != 2 || several.Problems[1].Code == "" || a.status < 400 ||
		a.header.Get("Content-Type") != fault.ProblemContentType {
		t.Errorf("several: %d %s", a.status, a.body)
	}
	w.send(w.token, "POST", "/api/v1/apply", "application/yaml", text("callingSearchSpaces: [{name: a, partitions: [x]}]")).is(t, "one", several.Problems[0].Status, several.Problems[0].Code)
	a = w.send(w.token, "POST", "/api/v1/devices/x/restart", "", nil)
	a.is(t, "a defect", 500, fault.Unexpected)
	if strings.Contains(string(a.body), "a defect") {
		t.Errorf("the inside is shown: %s", a.body)
	}
}

func TestObjects(t *testing.T) {
	w := newWorld(t, rest.Limits{})
	a := w.get("/api/v1/objects/directoryNumber/2001%2Finternal")
	tag := a.header.Get("ETag")
	if a.status != 200 || !strings.Contains(string(a.body), `"2001"`) || !strings.HasPrefix(tag, `"`) {
		t.Fatalf("%d %s %s", a.status, tag, a.body)
	}
	put := func(path, body string, headers ...string) reply {
		return w.send(w.token, "PUT", path, "application/json", text(body), headers...)
	}
	if a := put("/api/v1/objects/directoryNumber/2001%2Finternal", `{"pattern":"2001","partition":"internal","display":"Zoë <b>"}`, "If-Match", tag); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	put("/api/v1/objects/directoryNumber/2001%2Finternal", `{"pattern":"2001","partition":"internal"}`, "If-Match", tag).is(t, "an old tag", 412, fault.ObjectChanged)
	if a := w.send(w.token, "DELETE", "/api/v1/objects/partition/internal", "", nil); a.status != 409 || !strings.Contains(string(a.body), string(fault.ObjectInUse)) {
		t.Errorf("in use: %d %s", a.status, a.body)
	}
	if a := put("/api/v1/objects/partition/50%25", `{"name":"50%"}`); a.status >= 500 {
		t.Errorf("a percent sign: %d %s", a.status, a.body)
	}
	if a := w.send(w.token, "PUT", "/api/v1/files/load.bin", "application/octet-stream", zeros(1000)); a.status != 200 || !strings.Contains(string(a.body), `"size":1000`) {
		t.Errorf("a file: %d %s", a.status, a.body)
	}
}

// TestLargeBodiesEndQuickly announces more than is taken, and sends more without announcing it.
func TestLargeBodiesEndQuickly(t *testing.T) {
	w := newWorld(t, rest.Limits{})
	for _, x := range []struct{ method, path string }{
		{"POST", "/api/v1/apply"}, {"PUT", "/api/v1/objects/partition/p"}, {"POST", "/api/v1/tokens"}, {"PUT", "/api/v1/files/a.bin"},
	} {
		begun := time.Now()
		a := w.raw(fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
			x.method, x.path, w.token, 10<<30))
		a.is(t, x.path, http.StatusRequestEntityTooLarge, fault.RequestTooLarge)
		if d := time.Since(begun); d > 2*time.Second {
			t.Errorf("%s took %v", x.path, d)
		}
	}
	unannounced := struct{ io.Reader }{zeros(1<<20 + 10)}
	w.send(w.token, "PUT", "/api/v1/objects/partition/p", "application/json", unannounced).is(t, "unannounced", 413, fault.RequestTooLarge)
	unannounced = struct{ io.Reader }{zeros(1<<20 + 10)}
	w.send(w.token, "PUT", "/api/v1/files/a.bin", "application/octet-stream", unannounced).is(t, "a file unannounced", 413, fault.RequestTooLarge)
}
