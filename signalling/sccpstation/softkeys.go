package sccpstation

import (
	"tandem/telephony"
	"tandem/wire/sccp"
)

// templateKeys are the soft keys of the template, in the order of CallManager 4.x (sccp.md 3.5). Sets refer to them by
// position.
var templateKeys = []sccp.SoftKey{
	{Label: sccp.LabelRedial.Text(), Event: sccp.SoftKeyRedial},
	{Label: sccp.LabelNewcall.Text(), Event: sccp.SoftKeyNewCall},
	{Label: sccp.LabelHold.Text(), Event: sccp.SoftKeyHold},
	{Label: sccp.LabelTransfer.Text(), Event: sccp.SoftKeyTransfer},
	{Label: sccp.LabelCfwdall.Text(), Event: sccp.SoftKeyForwardAll},
	{Label: sccp.LabelBackspace.Text(), Event: sccp.SoftKeyBackspace},
	{Label: sccp.LabelEndcall.Text(), Event: sccp.SoftKeyEndCall},
	{Label: sccp.LabelResume.Text(), Event: sccp.SoftKeyResume},
	{Label: sccp.LabelAnswer.Text(), Event: sccp.SoftKeyAnswer},
	{Label: sccp.LabelConfrn.Text(), Event: sccp.SoftKeyConference},
	{Label: sccp.LabelPark.Text(), Event: sccp.SoftKeyPark},
	{Label: sccp.LabelJoin.Text(), Event: sccp.SoftKeyJoin},
	{Label: sccp.LabelMeetme.Text(), Event: sccp.SoftKeyMeetMe},
	{Label: sccp.LabelPickup.Text(), Event: sccp.SoftKeyPickup},
	{Label: sccp.LabelGpickup.Text(), Event: sccp.SoftKeyGroupPickup},
	{Label: sccp.LabelBarge.Text(), Event: sccp.SoftKeyBarge},
	{Label: sccp.LabelDirtrfr.Text(), Event: sccp.SoftKeyDirectTransfer},
	{Label: sccp.LabelSelect.Text(), Event: sccp.SoftKeySelect},
	{Label: sccp.LabelConflist.Text(), Event: sccp.SoftKeyConferenceList},
	{Label: sccp.LabelVidmode.Text(), Event: sccp.SoftKeyVideoMode},
	{Label: sccp.LabelCallback.Text(), Event: sccp.SoftKeyCallBack},
	{Label: sccp.LabelInfo.Text(), Event: sccp.SoftKeyInfo},
	{Label: "Dial", Event: sccp.SoftKeyDial},
	{Label: sccp.LabelDnd.Text(), Event: sccp.SoftKeyDoNotDisturb},
}

// positions of the template's keys, from 1, by event.
var positions = func() (p [64]uint8) {
	for i, k := range templateKeys {
		p[k.Event] = uint8(i + 1)
	}
	return p
}()

func (st *station) softKeyTemplateReq(*sccp.SoftKeyTemplateReq) {
	keys := templateKeys
	if st.sess.version < 15 { // labels newer than the dictionary
		keys = make([]sccp.SoftKey, len(templateKeys))
		for i, k := range templateKeys {
			if l := sccp.Label(uint16(k.Label[0])<<8 | uint16(k.Label[1])); len(k.Label) == 2 && l > safeLabels && l < 0x8100 {
				k.Label = l.String()
			}
			keys[i] = k
		}
	}
	st.send(&sccp.SoftKeyTemplateRes{Keys: keys})
}

// softKeySetReq answers with the sets of the device's softkey template, and shows the idle one (sccp.md 4.1, step 9).
func (st *station) softKeySetReq(*sccp.SoftKeySetReq) {
	sets := st.dev.Softkeys.Sets()
	res := sccp.SoftKeySetRes{Sets: make([]sccp.SoftKeySetKeys, len(sets))}
	for i, set := range sets {
		for k, name := range set[:min(len(set), sccp.SoftKeysPerSet)] {
			if event := name.Event(); event != 0 && positions[event] != 0 {
				res.Sets[i].Set(k, positions[event], sccp.SoftKeyCode(event))
			}
		}
	}
	st.send(&res)
	m := &st.x.softKeys
	*m = sccp.SelectSoftKeys{Set: sccp.KeysOnHook, Mask: st.mask(sccp.KeysOnHook)}
	st.send(m)
}

// mask hides the keys of a set whose feature this server does not have: they would be refused.
func (st *station) mask(set sccp.SoftKeySet) uint32 {
	if st.dev == nil || int(set) >= len(st.masks) {
		return sccp.AllKeys
	}
	return st.masks[set]
}

// computeMasks prepares the masks of all sets for the device's softkey template.
func (st *station) computeMasks() {
	for i, set := range st.dev.Softkeys.Sets() {
		st.masks[i] = maskOf(set)
	}
}

func maskOf(set []telephony.Softkey) uint32 {
	mask := sccp.AllKeys
	for i, name := range set {
		if event := name.Event(); event != 0 && i < 32 && !installed[softKeyControls[sccp.SoftKeyCode(event)]] {
			mask &^= 1 << i
		}
	}
	return mask
}
