package phone

import (
	"fmt"

	"tandem/wire/sccp"
)

// The matchers of flow steps.

func isA[T sccp.Message](m sccp.Message) bool {
	_, ok := m.(T)
	return ok
}

func idlePrompt(m sccp.Message) bool {
	p, ok := m.(*sccp.DisplayPromptStatus)
	return ok && p.CallReference == 0 && p.LineInstance == 0 && p.Text != ""
}

func idleKeys(m sccp.Message) bool {
	k, ok := m.(*sccp.SelectSoftKeys)
	return ok && k.CallReference == 0 && k.LineInstance == 0 && k.Set == sccp.KeysOnHook
}

func ringerOff(m sccp.Message) bool {
	r, ok := m.(*sccp.SetRinger)
	return ok && r.Mode == sccp.RingOff
}

func ringerOn(ref uint32) func(sccp.Message) bool {
	return func(m sccp.Message) bool {
		r, ok := m.(*sccp.SetRinger)
		return ok && r.CallReference == ref && r.Mode != sccp.RingOff
	}
}

func speakerOn(m sccp.Message) bool {
	s, ok := m.(*sccp.SetSpeakerMode)
	return ok && s.Mode == sccp.SwitchOn
}

func lampIs(line uint32, mode sccp.LampMode) func(sccp.Message) bool {
	return func(m sccp.Message) bool {
		l, ok := m.(*sccp.SetLamp)
		return ok && l.Stimulus == sccp.StimulusLine && l.Instance == line && l.Mode == mode
	}
}

func lampName(line uint32) string { return fmt.Sprintf("line %d", line) }

func promptFor(ref uint32) func(sccp.Message) bool {
	return func(m sccp.Message) bool {
		p, ok := m.(*sccp.DisplayPromptStatus)
		return ok && p.CallReference == ref
	}
}

func callInfoFor(ref uint32) func(sccp.Message) bool {
	return func(m sccp.Message) bool {
		i, ok := m.(*sccp.CallInfo)
		return ok && i.CallReference == ref
	}
}

func stateFor(ref uint32, state sccp.CallStateCode) func(sccp.Message) bool {
	return func(m sccp.Message) bool {
		s, ok := m.(*sccp.CallState)
		return ok && s.CallReference == ref && s.State == state
	}
}

func keysFor(ref uint32, sets ...sccp.SoftKeySet) func(sccp.Message) bool {
	return func(m sccp.Message) bool {
		k, ok := m.(*sccp.SelectSoftKeys)
		if !ok || k.CallReference != ref {
			return false
		}
		for _, s := range sets {
			if k.Set == s {
				return true
			}
		}
		return false
	}
}
