package script

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"tandem/media/codec"
	"tandem/phone"
	"tandem/phone/audio"
)

const expectHelp = `expect registered | rejected | idle
expect offhook | ringing | ringback | connected | held | busy | invalid | congestion | remote [from|with NUMBER]
expect hear F[+F]|phone N [for TIME]      a tone, or the tone of phone number N
expect silence [for TIME]                 nothing, or only silence, arrives
expect digits DIGITS                      keys heard as telephone events
expect loss below P%                      of the packets of the newest call
expect prompt TEXT | notice TEXT | caller TEXT | key NAME | tone NAME | ringer KIND
expect lamp NAME N STATE                  such as lamp line 1 on
expect messages on|off | forward NUMBER|off | calls N | strays none | violations none
`

func verbNames() []string {
	names := make([]string, 0, len(verbs))
	for n := range verbs {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// callWords are the states of a call as scripts name them.
var callWords = map[string][]phone.CallState{
	"offhook": {phone.OffHook}, "ringing": {phone.RingingIn}, "ringback": {phone.RingingOut}, "connected": {phone.Connected},
	"held": {phone.OnHold}, "busy": {phone.Busy}, "invalid": {phone.InvalidNumber}, "congestion": {phone.Congested},
	"remote": {phone.RemoteInUse, phone.RemoteOnHold},
}

// expectations are the other things that can be expected: each makes a predicate of
// its arguments.
var expectations = map[string]func(arguments []string) (func(*phone.State) bool, error){
	"registered": plain(func(s *phone.State) bool { return s.Registration == phone.Registered }),
	"rejected":   plain(func(s *phone.State) bool { return s.Registration == phone.Rejected }),
	"idle":       plain(func(s *phone.State) bool { return len(s.Calls) == 0 }),
	"hear":       expectHear,
	"silence":    expectSilence,
	"loss":       expectLoss,
	"prompt": text(func(s *phone.State, t string) bool {
		if c := s.Active(); c != nil && strings.Contains(c.Prompt, t) {
			return true
		}
		return strings.Contains(s.Prompt, t)
	}),
	"notice": text(func(s *phone.State, t string) bool { return strings.Contains(s.Notice, t) }),
	"caller": text(func(s *phone.State, t string) bool {
		c := s.Active()
		return c != nil && strings.Contains(c.Remote.String(), t)
	}),
	"key": text(func(s *phone.State, t string) bool { return s.Offers(t) }),
	"tone": text(func(s *phone.State, t string) bool {
		return strings.EqualFold(s.Tone, t) || t == "none" && s.Tone == ""
	}),
	"ringer": text(func(s *phone.State, t string) bool { return strings.EqualFold(s.Ringer, t) }),
	"digits": text(func(s *phone.State, t string) bool {
		return slices.ContainsFunc(s.Calls, func(c *phone.Call) bool { return c.Media().Digits == t })
	}),
	"messages": text(func(s *phone.State, t string) bool { return s.MessageWaiting == (t == "on") }),
	"forward": text(func(s *phone.State, t string) bool {
		l := s.Line(1)
		return l != nil && (l.ForwardAll == t || t == "off" && l.ForwardAll == "")
	}),
	"calls":      text(func(s *phone.State, t string) bool { return strconv.Itoa(len(s.Calls)) == t }),
	"strays":     text(func(s *phone.State, t string) bool { return t == "none" && strays(s) == 0 }),
	"violations": text(func(s *phone.State, t string) bool { return t == "none" && len(s.Violations) == 0 }),
	"lamp":       expectLamp,
}

// now are the expectations that must hold at once: waiting cannot mend them.
var now = map[string]bool{"violations": true, "strays": true}

func plain(ok func(*phone.State) bool) func([]string) (func(*phone.State) bool, error) {
	return func(arguments []string) (func(*phone.State) bool, error) {
		if len(arguments) > 0 {
			return nil, fmt.Errorf("%q is one word too many", arguments[0])
		}
		return ok, nil
	}
}

func text(ok func(*phone.State, string) bool) func([]string) (func(*phone.State) bool, error) {
	return func(arguments []string) (func(*phone.State) bool, error) {
		if len(arguments) == 0 {
			return nil, errors.New("what exactly is expected?")
		}
		want := strings.Join(arguments, " ")
		return func(s *phone.State) bool { return ok(s, want) }, nil
	}
}

func strays(s *phone.State) uint64 {
	n := s.Strays
	for _, c := range s.Calls {
		n += c.Media().Stray
	}
	return n
}

func expectHear(arguments []string) (func(*phone.State) bool, error) {
	if len(arguments) == 0 {
		return nil, errors.New("hear what?")
	}
	var tone codec.Tone
	var err error
	rest := arguments[1:]
	if arguments[0] == "phone" {
		if len(rest) == 0 {
			return nil, errors.New("hear phone N")
		}
		n, err := strconv.Atoi(rest[0])
		if err != nil {
			return nil, fmt.Errorf("%q is no number of a phone", rest[0])
		}
		tone, rest = audio.IdentityTone(n), rest[1:]
	} else if tone, err = ParseTone(arguments[0]); err != nil {
		return nil, err
	}
	length, err := forTime(rest, 300*time.Millisecond)
	if err != nil {
		return nil, err
	}
	return func(s *phone.State) bool {
		return slices.ContainsFunc(s.Calls, func(c *phone.Call) bool { return c.HearsTone(tone, length) })
	}, nil
}

func forTime(rest []string, standard time.Duration) (time.Duration, error) {
	if len(rest) == 0 {
		return standard, nil
	}
	if len(rest) != 2 || rest[0] != "for" {
		return 0, fmt.Errorf("%q: it is \"for TIME\"", strings.Join(rest, " "))
	}
	d, err := time.ParseDuration(rest[1])
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no time, such as 5s or 500ms", rest[1])
	}
	return d, nil
}

func expectSilence(arguments []string) (func(*phone.State) bool, error) {
	length, err := forTime(arguments, 0)
	if err != nil {
		return nil, err
	}
	var since time.Time
	return func(s *phone.State) bool {
		for _, c := range s.Calls {
			if h, ok := c.Hears(); ok && h.Sound != codec.Silence {
				since = time.Time{}
				return false
			}
		}
		if since.IsZero() {
			since = time.Now()
		}
		return time.Since(since) >= length
	}, nil
}

func expectLoss(arguments []string) (func(*phone.State) bool, error) {
	if len(arguments) != 2 || arguments[0] != "below" {
		return nil, errors.New("it is \"loss below 1%\"")
	}
	percent, err := strconv.ParseFloat(strings.TrimSuffix(arguments[1], "%"), 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no share", arguments[1])
	}
	return func(s *phone.State) bool {
		c := s.Active()
		if c == nil {
			c = s.Last()
		}
		if c == nil {
			return false
		}
		m := c.Media()
		return m.Expected > 0 && 100*float64(m.Lost)/float64(m.Expected) < percent
	}, nil
}

func expectLamp(arguments []string) (func(*phone.State) bool, error) {
	n := len(arguments)
	if n < 3 {
		return nil, errors.New("it is \"lamp NAME N STATE\"")
	}
	name, mode := strings.Join(arguments[:n-1], " "), arguments[n-1]
	return func(s *phone.State) bool {
		have := s.Lamps[name]
		return have == mode || have == "" && mode == "off"
	}, nil
}

// expect waits for what a line says.
func expect(ctx context.Context, _ *Runner, p *phone.Phone, s Statement) error {
	ok, err := predicate(s.Arguments)
	if err != nil {
		return err
	}
	if now[s.Arguments[0]] {
		st := p.State()
		if ok(&st) {
			return nil
		}
		if len(st.Violations) > 0 {
			return fmt.Errorf("there are %d: %s", len(st.Violations), strings.Join(st.Violations, "; "))
		}
		return fmt.Errorf("there are %d", strays(&st))
	}
	return p.WaitFor(ctx, strings.Join(s.Arguments, " "), ok)
}

func predicate(arguments []string) (func(*phone.State) bool, error) {
	word, rest := strings.ToLower(arguments[0]), arguments[1:]
	if states, ok := callWords[word]; ok {
		who := ""
		if len(rest) == 2 && (rest[0] == "from" || rest[0] == "with") {
			who = rest[1]
		} else if len(rest) != 0 {
			return nil, fmt.Errorf("%q: it is \"from NUMBER\"", strings.Join(rest, " "))
		}
		return func(s *phone.State) bool {
			return slices.ContainsFunc(s.Calls, func(c *phone.Call) bool {
				return slices.Contains(states, c.State) && (who == "" || c.Remote.Number == who || c.Remote.Name == who)
			})
		}, nil
	}
	make, ok := expectations[word]
	if !ok {
		return nil, fmt.Errorf("%q cannot be expected", word)
	}
	return make(rest)
}
