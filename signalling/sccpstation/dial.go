package sccpstation

import (
	"tandem/call/signal"
	"tandem/wire/sccp"
)

// Actions of the call plane while a number is dialled.

// maxDigits bounds what is kept of a number for display; call processing has its own bound.
const maxDigits = 64

func dialDigit(st *station, c *call, p press) {
	c.stopTone()
	if c.state == sOffHook {
		c.state = sDialing
		c.keys(sccp.KeysDigits)
	}
	if len(c.digits) < maxDigits {
		c.digits += digit(p.digit)
	}
	c.tell(signal.Digits{Digits: digit(p.digit)})
}

// digit is one key as text, without allocating.
func digit(b byte) string {
	const all = "0123456789*#+ABCD"
	for i := range len(all) {
		if all[i] == b {
			return all[i : i+1]
		}
	}
	return ""
}

func dialBackspace(st *station, c *call, _ press) {
	if c.digits != "" {
		c.digits = c.digits[:len(c.digits)-1]
	}
	c.stopTone()
	st.x.backspace = sccp.BackSpaceRes{LineInstance: uint32(c.line), CallReference: c.ref}
	st.sendFor(c, &st.x.backspace)
	if c.digits == "" {
		c.state = sOffHook
		c.keys(c.offHookKeys())
	}
	c.tell(signal.Backspace{})
}

// dialEnd says that no further digit follows.
func dialEnd(st *station, c *call, _ press) { c.tell(signal.Digits{Digits: "#"}) }

func dialNumber(st *station, c *call, p press) { st.dialWhole(c, p.number) }

func dialSpeedDial(st *station, c *call, p press) {
	if number, ok := st.speedDial(p.index); ok {
		st.dialWhole(c, number)
	}
}

func dialRedial(st *station, c *call, _ press) {
	if number, ok := st.lastNumber(); ok {
		st.dialWhole(c, number)
	}
}

// dialWhole gives a whole number (sccp.md 4.5).
func (st *station) dialWhole(c *call, number string) {
	c.stopTone()
	c.state = sDialing
	c.digits = number
	c.tell(signal.Dial{Number: number, Complete: true})
}
