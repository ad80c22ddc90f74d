package confdb

import (
	"iter"

	"tandem/telephony"
	"tandem/telephony/parameter"
)

// The look-ups return nil if there is no such object; the lists are in the order of keys.

// Server finds a server.
func (s *Snapshot) Server(name telephony.ServerName) *telephony.Server {
	return find[*telephony.Server](s, telephony.KindServer, string(name))
}

// Servers lists the servers.
func (s *Snapshot) Servers() iter.Seq[*telephony.Server] {
	return list[*telephony.Server](s, telephony.KindServer)
}

// ServiceActivation finds what is said about a service on a server.
func (s *Snapshot) ServiceActivation(server telephony.ServerName, service telephony.ServiceName) *telephony.ServiceActivation {
	return find[*telephony.ServiceActivation](s, telephony.KindServiceActivation, string(server)+"/"+string(service))
}

// Members lists the servers of the cluster, and those that were removed, in the order of their identities.
func (s *Snapshot) Members() iter.Seq[*telephony.Member] {
	return list[*telephony.Member](s, telephony.KindMember)
}

// ClusterAuthorities lists the generations of the cluster's certificate authority, in the order of their fingerprints.
func (s *Snapshot) ClusterAuthorities() iter.Seq[*telephony.ClusterAuthority] {
	return list[*telephony.ClusterAuthority](s, telephony.KindClusterAuthority)
}

// UserState finds the last word on a setting of a line (by its key) or a device (by its name).
func (s *Snapshot) UserState(setting telephony.UserSetting, subject string) *telephony.UserState {
	return find[*telephony.UserState](s, telephony.KindUserState, telephony.UserStateKey(setting, subject))
}

// UserStateOfLine is UserState of a line, without an allocation.
func (s *Snapshot) UserStateOfLine(setting telephony.UserSetting, key telephony.LineKey) *telephony.UserState {
	if s.kinds[telephony.KindUserState].count == 0 {
		return nil
	}
	var buffer [160]byte
	o, _ := s.kinds[telephony.KindUserState].getBytes(appendLineKey(append(append(buffer[:0], setting...), '/'), key))
	u, _ := o.(*telephony.UserState)
	return u
}

// UserStateOfDevice is UserState of a device, without an allocation.
func (s *Snapshot) UserStateOfDevice(setting telephony.UserSetting, device string) *telephony.UserState {
	if s.kinds[telephony.KindUserState].count == 0 {
		return nil
	}
	var buffer [160]byte
	o, _ := s.kinds[telephony.KindUserState].getBytes(append(append(append(buffer[:0], setting...), '/'), device...))
	u, _ := o.(*telephony.UserState)
	return u
}

// UserStates lists what is known of the settings that users change.
func (s *Snapshot) UserStates() iter.Seq[*telephony.UserState] {
	return list[*telephony.UserState](s, telephony.KindUserState)
}

// CallManagerGroup finds a CallManager group.
func (s *Snapshot) CallManagerGroup(name telephony.GroupName) *telephony.CallManagerGroup {
	return find[*telephony.CallManagerGroup](s, telephony.KindCallManagerGroup, string(name))
}

// Region finds a region.
func (s *Snapshot) Region(name telephony.RegionName) *telephony.Region {
	return find[*telephony.Region](s, telephony.KindRegion, string(name))
}

// Location finds a location.
func (s *Snapshot) Location(name telephony.LocationName) *telephony.Location {
	return find[*telephony.Location](s, telephony.KindLocation, string(name))
}

// DateTimeGroup finds a date/time group.
func (s *Snapshot) DateTimeGroup(name telephony.DateTimeGroupName) *telephony.DateTimeGroup {
	return find[*telephony.DateTimeGroup](s, telephony.KindDateTimeGroup, string(name))
}

// SRSTReference finds an SRST reference.
func (s *Snapshot) SRSTReference(name telephony.SRSTReferenceName) *telephony.SRSTReference {
	return find[*telephony.SRSTReference](s, telephony.KindSRSTReference, string(name))
}

// DevicePool finds a device pool.
func (s *Snapshot) DevicePool(name telephony.DevicePoolName) *telephony.DevicePool {
	return find[*telephony.DevicePool](s, telephony.KindDevicePool, string(name))
}

// Partition finds a partition.
func (s *Snapshot) Partition(name telephony.PartitionName) *telephony.Partition {
	return find[*telephony.Partition](s, telephony.KindPartition, string(name))
}

// CallingSearchSpace finds a calling search space.
func (s *Snapshot) CallingSearchSpace(name telephony.CallingSearchSpaceName) *telephony.CallingSearchSpace {
	return find[*telephony.CallingSearchSpace](s, telephony.KindCallingSearchSpace, string(name))
}

// CallingSearchSpaces lists the calling search spaces.
func (s *Snapshot) CallingSearchSpaces() iter.Seq[*telephony.CallingSearchSpace] {
	return list[*telephony.CallingSearchSpace](s, telephony.KindCallingSearchSpace)
}

// DirectoryNumber finds a directory number.
func (s *Snapshot) DirectoryNumber(key telephony.LineKey) *telephony.DirectoryNumber {
	d, _ := findLine(s, telephony.KindDirectoryNumber, key).(*telephony.DirectoryNumber)
	return d
}

// DirectoryNumbers lists the directory numbers.
func (s *Snapshot) DirectoryNumbers() iter.Seq[*telephony.DirectoryNumber] {
	return list[*telephony.DirectoryNumber](s, telephony.KindDirectoryNumber)
}

// TranslationPattern finds a translation pattern.
func (s *Snapshot) TranslationPattern(key telephony.LineKey) *telephony.TranslationPattern {
	t, _ := findLine(s, telephony.KindTranslationPattern, key).(*telephony.TranslationPattern)
	return t
}

// TranslationPatterns lists the translation patterns.
func (s *Snapshot) TranslationPatterns() iter.Seq[*telephony.TranslationPattern] {
	return list[*telephony.TranslationPattern](s, telephony.KindTranslationPattern)
}

// RoutePattern finds a route pattern.
func (s *Snapshot) RoutePattern(key telephony.LineKey) *telephony.RoutePattern {
	r, _ := findLine(s, telephony.KindRoutePattern, key).(*telephony.RoutePattern)
	return r
}

// RoutePatterns lists the route patterns.
func (s *Snapshot) RoutePatterns() iter.Seq[*telephony.RoutePattern] {
	return list[*telephony.RoutePattern](s, telephony.KindRoutePattern)
}

// Phone finds a phone.
func (s *Snapshot) Phone(name telephony.DeviceName) *telephony.Phone {
	return find[*telephony.Phone](s, telephony.KindPhone, string(name))
}

// Phones lists the phones.
func (s *Snapshot) Phones() iter.Seq[*telephony.Phone] {
	return list[*telephony.Phone](s, telephony.KindPhone)
}

// PhoneOfDigestUser finds the phone that presents a user's digest password.
func (s *Snapshot) PhoneOfDigestUser(user telephony.UserID) *telephony.Phone {
	names, _ := s.digest.get(string(user))
	if len(names) == 0 {
		return nil
	}
	return s.Phone(names[0])
}

// Appearances lists the buttons on which a directory number appears, in the order of phones and buttons. The list is shared
// and must not be changed.
func (s *Snapshot) Appearances(key telephony.LineKey) []Appearance {
	var buffer [128]byte
	list, _ := s.appearances.getBytes(appendLineKey(buffer[:0], key))
	return list
}

// Product finds a product, built-in or added.
func (s *Snapshot) Product(name telephony.ProductName) *telephony.Product {
	return find[*telephony.Product](s, telephony.KindProduct, string(name))
}

// Products lists the products.
func (s *Snapshot) Products() iter.Seq[*telephony.Product] {
	return list[*telephony.Product](s, telephony.KindProduct)
}

// ProductByDeviceType finds the product for the device type of a Register message: an added one first, then the
// built-in one, or nil.
func (s *Snapshot) ProductByDeviceType(deviceType int) *telephony.Product {
	if deviceType != 0 && s.Count(telephony.KindProduct) > builtInProducts {
		for p := range s.Products() {
			if p.DeviceType == deviceType && !IsBuiltIn(telephony.KindProduct, p.Key()) {
				return p
			}
		}
	}
	return telephony.ProductByDeviceType(deviceType)
}

// ButtonTemplate finds a phone button template.
func (s *Snapshot) ButtonTemplate(name telephony.ButtonTemplateName) *telephony.ButtonTemplate {
	return find[*telephony.ButtonTemplate](s, telephony.KindButtonTemplate, string(name))
}

// SoftkeyTemplate finds a softkey template.
func (s *Snapshot) SoftkeyTemplate(name telephony.SoftkeyTemplateName) *telephony.SoftkeyTemplate {
	return find[*telephony.SoftkeyTemplate](s, telephony.KindSoftkeyTemplate, string(name))
}

// DeviceDefaults finds the defaults of a product and protocol.
func (s *Snapshot) DeviceDefaults(product telephony.ProductName, protocol telephony.Protocol) *telephony.DeviceDefaults {
	return find[*telephony.DeviceDefaults](s, telephony.KindDeviceDefaults, telephony.DeviceDefaultsKey(product, protocol))
}

// AllDeviceDefaults lists the device defaults.
func (s *Snapshot) AllDeviceDefaults() iter.Seq[*telephony.DeviceDefaults] {
	return list[*telephony.DeviceDefaults](s, telephony.KindDeviceDefaults)
}

// User finds a user.
func (s *Snapshot) User(id telephony.UserID) *telephony.User {
	return find[*telephony.User](s, telephony.KindUser, string(id))
}

// Users lists the users.
func (s *Snapshot) Users() iter.Seq[*telephony.User] {
	return list[*telephony.User](s, telephony.KindUser)
}

// APITokens lists the API tokens.
func (s *Snapshot) APITokens() iter.Seq[*telephony.APIToken] {
	return list[*telephony.APIToken](s, telephony.KindAPIToken)
}

// FirmwareFile finds a file by the name under which phones ask for it.
func (s *Snapshot) FirmwareFile(name string) *telephony.FirmwareFile {
	return find[*telephony.FirmwareFile](s, telephony.KindFirmwareFile, name)
}

// FirmwareFiles lists the files.
func (s *Snapshot) FirmwareFiles() iter.Seq[*telephony.FirmwareFile] {
	return list[*telephony.FirmwareFile](s, telephony.KindFirmwareFile)
}

// AutoRegistration finds the auto-registration settings of a server.
func (s *Snapshot) AutoRegistration(server telephony.ServerName) *telephony.AutoRegistration {
	return find[*telephony.AutoRegistration](s, telephony.KindAutoRegistration, string(server))
}

// Parameters are the service and enterprise parameters in force on a server.
func (s *Snapshot) Parameters(server telephony.ServerName) *parameter.Values {
	c := s.parameters
	c.mu.Lock()
	defer c.mu.Unlock()
	if v := c.byServer[server]; v != nil {
		return v
	}
	var service []*telephony.ServiceParameter
	for p := range list[*telephony.ServiceParameter](s, telephony.KindServiceParameter) {
		service = append(service, p)
	}
	var enterprise []*telephony.EnterpriseParameter
	for p := range list[*telephony.EnterpriseParameter](s, telephony.KindEnterpriseParameter) {
		enterprise = append(enterprise, p)
	}
	v := parameter.NewValues(server, service, enterprise)
	if c.byServer == nil || len(c.byServer) >= maximumCachedServers {
		c.byServer = map[telephony.ServerName]*parameter.Values{}
	}
	c.byServer[server] = v
	return v
}

// ButtonTemplateOf is the button template that a phone uses: its own, that of the device defaults, or the
// product's; nil if none of them exists.
func (s *Snapshot) ButtonTemplateOf(p *telephony.Phone) *telephony.ButtonTemplate {
	if p.ButtonTemplate != "" {
		return s.ButtonTemplate(p.ButtonTemplate)
	}
	if d := s.DeviceDefaults(p.Product, p.Protocol); d != nil && d.ButtonTemplate != "" {
		return s.ButtonTemplate(d.ButtonTemplate)
	}
	if product := s.Product(p.Product); product != nil {
		return s.ButtonTemplate(product.ButtonTemplate)
	}
	return nil
}

// SoftkeyTemplateOf is the softkey template that a phone uses: its own, the device pool's, that of the device
// defaults, or the product's; nil if the product has no softkeys.
func (s *Snapshot) SoftkeyTemplateOf(p *telephony.Phone) *telephony.SoftkeyTemplate {
	product := s.Product(p.Product)
	if product == nil || product.SoftkeyTemplate == "" {
		return nil
	}
	if p.SoftkeyTemplate != "" {
		return s.SoftkeyTemplate(p.SoftkeyTemplate)
	}
	if pool := s.DevicePool(p.DevicePool); pool != nil && pool.SoftkeyTemplate != "" {
		return s.SoftkeyTemplate(pool.SoftkeyTemplate)
	}
	if d := s.DeviceDefaults(p.Product, p.Protocol); d != nil && d.SoftkeyTemplate != "" {
		return s.SoftkeyTemplate(d.SoftkeyTemplate)
	}
	return s.SoftkeyTemplate(product.SoftkeyTemplate)
}

// FirmwareLoadOf is the firmware load that a phone is to run: its pin, or that of the device defaults; "" if nothing is
// said.
func (s *Snapshot) FirmwareLoadOf(p *telephony.Phone) telephony.LoadName {
	if p.FirmwareLoad != "" {
		return p.FirmwareLoad
	}
	return s.DeviceDefaults(p.Product, p.Protocol).Load(p.Name)
}

// CallingSearchSpaceOf is the calling search space of a phone: its own, or the device pool's.
func (s *Snapshot) CallingSearchSpaceOf(p *telephony.Phone) telephony.CallingSearchSpaceName {
	if p.CallingSearchSpace != "" {
		return p.CallingSearchSpace
	}
	if pool := s.DevicePool(p.DevicePool); pool != nil {
		return pool.CallingSearchSpace
	}
	return ""
}
