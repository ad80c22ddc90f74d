package telephony

import "iter"

// Kind names a kind of object, in the singular form that the command line uses ("phone").
type Kind string

// The kinds, in the order in which a site file lists them: what is referred to comes first.
const (
	KindServer              Kind = "server"
	KindServiceActivation   Kind = "serviceActivation"
	KindEnterpriseParameter Kind = "enterpriseParameter"
	KindServiceParameter    Kind = "serviceParameter"
	KindCallManagerGroup    Kind = "callManagerGroup"
	KindRegion              Kind = "region"
	KindLocation            Kind = "location"
	KindDateTimeGroup       Kind = "dateTimeGroup"
	KindSRSTReference       Kind = "srstReference"
	KindSoftkeyTemplate     Kind = "softkeyTemplate"
	KindButtonTemplate      Kind = "buttonTemplate"
	KindProduct             Kind = "product"
	KindFirmwareFile        Kind = "firmwareFile"
	KindDevicePool          Kind = "devicePool"
	KindDeviceDefaults      Kind = "deviceDefaults"
	KindPartition           Kind = "partition"
	KindCallingSearchSpace  Kind = "callingSearchSpace"
	KindUser                Kind = "user"
	KindAPIToken            Kind = "apiToken"
	KindDirectoryNumber     Kind = "directoryNumber"
	KindPhone               Kind = "phone"
	KindTranslationPattern  Kind = "translationPattern"
	KindRoutePattern        Kind = "routePattern"
	KindAutoRegistration    Kind = "autoRegistration"
	KindUserState           Kind = "userState"
	KindMember              Kind = "member"
	KindClusterAuthority    Kind = "clusterAuthority"
)

// Object is one noun with a name: a *Phone, a *Region… An object that has been handed to, or taken
// from, the configuration store is never changed; make a copy.
type Object interface {
	// Kind tells what it is.
	Kind() Kind
	// Key is its name among the objects of its kind.
	Key() string
}

// KindInfo describes a kind.
type KindInfo struct {
	Kind       Kind
	Collection string        // key of the list in a site file: "phones"
	Title      string        // in a sentence: "calling search space"
	New        func() Object // a new, empty object
}

// Kinds lists every kind, what is referred to before what refers to it.
var Kinds = []KindInfo{
	{KindServer, "servers", "server", func() Object { return new(Server) }},
	{KindServiceActivation, "serviceActivations", "service activation", func() Object { return new(ServiceActivation) }},
	{KindEnterpriseParameter, "enterpriseParameters", "enterprise parameter", func() Object { return new(EnterpriseParameter) }},
	{KindServiceParameter, "serviceParameters", "service parameter", func() Object { return new(ServiceParameter) }},
	{KindCallManagerGroup, "callManagerGroups", "CallManager group", func() Object { return new(CallManagerGroup) }},
	{KindRegion, "regions", "region", func() Object { return new(Region) }},
	{KindLocation, "locations", "location", func() Object { return new(Location) }},
	{KindDateTimeGroup, "dateTimeGroups", "date/time group", func() Object { return new(DateTimeGroup) }},
	{KindSRSTReference, "srstReferences", "SRST reference", func() Object { return new(SRSTReference) }},
	{KindSoftkeyTemplate, "softkeyTemplates", "softkey template", func() Object { return new(SoftkeyTemplate) }},
	{KindButtonTemplate, "buttonTemplates", "phone button template", func() Object { return new(ButtonTemplate) }},
	{KindProduct, "products", "product", func() Object { return new(Product) }},
	{KindFirmwareFile, "firmwareFiles", "firmware file", func() Object { return new(FirmwareFile) }},
	{KindDevicePool, "devicePools", "device pool", func() Object { return new(DevicePool) }},
	{KindDeviceDefaults, "deviceDefaults", "device defaults", func() Object { return new(DeviceDefaults) }},
	{KindPartition, "partitions", "partition", func() Object { return new(Partition) }},
	{KindCallingSearchSpace, "callingSearchSpaces", "calling search space", func() Object { return new(CallingSearchSpace) }},
	{KindUser, "users", "user", func() Object { return new(User) }},
	{KindAPIToken, "apiTokens", "API token", func() Object { return new(APIToken) }},
	{KindDirectoryNumber, "directoryNumbers", "directory number", func() Object { return new(DirectoryNumber) }},
	{KindPhone, "phones", "phone", func() Object { return new(Phone) }},
	{KindTranslationPattern, "translationPatterns", "translation pattern", func() Object { return new(TranslationPattern) }},
	{KindRoutePattern, "routePatterns", "route pattern", func() Object { return new(RoutePattern) }},
	{KindAutoRegistration, "autoRegistration", "auto-registration", func() Object { return new(AutoRegistration) }},
	{KindUserState, "userStates", "user state", func() Object { return new(UserState) }},
	{KindMember, "members", "cluster member", func() Object { return new(Member) }},
	{KindClusterAuthority, "clusterAuthorities", "cluster authority", func() Object { return new(ClusterAuthority) }},
}

var (
	infoByKind       = map[Kind]*KindInfo{}
	infoByCollection = map[string]*KindInfo{}
)

func init() {
	for i := range Kinds {
		infoByKind[Kinds[i].Kind] = &Kinds[i]
		infoByCollection[Kinds[i].Collection] = &Kinds[i]
	}
}

// Info returns the description of a kind, or false if there is no such kind.
func (k Kind) Info() (KindInfo, bool) {
	info := infoByKind[k]
	if info == nil {
		return KindInfo{}, false
	}
	return *info, true
}

// Internal reports whether the cluster keeps the objects of the kind for itself: they are replicated like all others, but no site
// file, page or API shows or takes them.
func (k Kind) Internal() bool {
	return k == KindUserState || k == KindMember || k == KindClusterAuthority
}

// Title returns the kind as it is written in a sentence; an unknown kind is its own title.
func (k Kind) Title() string {
	if info := infoByKind[k]; info != nil {
		return info.Title
	}
	return string(k)
}

// PublicKinds lists the kinds that administrators work with, in the order of Kinds.
func PublicKinds() iter.Seq[KindInfo] {
	return func(yield func(KindInfo) bool) {
		for _, info := range Kinds {
			if !info.Kind.Internal() && !yield(info) {
				return
			}
		}
	}
}

// KindOfCollection finds a kind by the key of its list ("phones"); internal kinds have no list.
func KindOfCollection(name string) (Kind, bool) {
	info := infoByCollection[name]
	if info == nil || info.Kind.Internal() {
		return "", false
	}
	return info.Kind, true
}
