package sccp

// MaxUserData is how many bytes of application data one message carries; more goes into further
// messages of the Version1 family, numbered by Sequence.
const MaxUserData = 2000

// UserData is XML between an application and a phone.
type UserData struct {
	ApplicationID uint32
	LineInstance  uint32
	CallReference uint32
	TransactionID uint32
	Data          []byte // MaxUserData at most
}

func (d *UserData) layout(c *coder) {
	size := d.head(c)
	d.tail(c, size)
}

func (d *UserData) head(c *coder) (size uint32) {
	size = uint32(len(d.Data))
	u32(c, &d.ApplicationID)
	u32(c, &d.LineInstance)
	u32(c, &d.CallReference)
	u32(c, &d.TransactionID)
	u32(c, &size)
	return size
}

func (d *UserData) tail(c *coder, size uint32) {
	n := c.count(size, 1, MaxUserData)
	if c.decoding {
		d.Data = slots[byte](n)
	}
	c.raw(d.Data[:n])
}

// RoutedUserData is UserData with segmentation and routing.
type RoutedUserData struct {
	UserData
	Sequence        Sequence // SequenceLast for data that fits one message
	DisplayPriority uint32
	ConferenceID    uint32
	AppInstanceID   uint32
	RoutingID       uint32
}

func (d *RoutedUserData) layout(c *coder) {
	size := d.head(c)
	u32(c, &d.Sequence)
	u32(c, &d.DisplayPriority)
	u32(c, &d.ConferenceID)
	u32(c, &d.AppInstanceID)
	u32(c, &d.RoutingID)
	d.tail(c, size)
}

// UserToDeviceData pushes XML to the phone.
type UserToDeviceData struct{ UserData }

// ID is 0x011E.
func (m *UserToDeviceData) ID() MessageID { return IDUserToDeviceData }

func (m *UserToDeviceData) layout(c *coder) { m.UserData.layout(c) }

// DeviceToUserData carries what the phone says to an application.
type DeviceToUserData struct{ UserData }

// ID is 0x002E.
func (m *DeviceToUserData) ID() MessageID { return IDDeviceToUserData }

func (m *DeviceToUserData) layout(c *coder) { m.UserData.layout(c) }

// DeviceToUserDataResponse answers a push.
type DeviceToUserDataResponse struct{ UserData }

// ID is 0x002F.
func (m *DeviceToUserDataResponse) ID() MessageID { return IDDeviceToUserDataResponse }

func (m *DeviceToUserDataResponse) layout(c *coder) { m.UserData.layout(c) }

// UserToDeviceDataVersion1 pushes XML to the phone.
type UserToDeviceDataVersion1 struct{ RoutedUserData }

// ID is 0x013F.
func (m *UserToDeviceDataVersion1) ID() MessageID { return IDUserToDeviceDataVersion1 }

func (m *UserToDeviceDataVersion1) layout(c *coder) { m.RoutedUserData.layout(c) }

// DeviceToUserDataVersion1 carries what the phone says to an application.
type DeviceToUserDataVersion1 struct{ RoutedUserData }

// ID is 0x0041.
func (m *DeviceToUserDataVersion1) ID() MessageID { return IDDeviceToUserDataVersion1 }

func (m *DeviceToUserDataVersion1) layout(c *coder) { m.RoutedUserData.layout(c) }

// DeviceToUserDataResponseVersion1 answers a push.
type DeviceToUserDataResponseVersion1 struct{ RoutedUserData }

// ID is 0x0042.
func (m *DeviceToUserDataResponseVersion1) ID() MessageID { return IDDeviceToUserDataResponseVersion1 }

func (m *DeviceToUserDataResponseVersion1) layout(c *coder) { m.RoutedUserData.layout(c) }
