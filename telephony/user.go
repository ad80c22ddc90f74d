package telephony

// User is a person: the owner of phones, an identity for digest authentication, perhaps an administrator.
type User struct {
	UserID         UserID       `yaml:"userId" json:"userId" maxLength:"128" doc:"Log-in name."`
	FirstName      string       `yaml:"firstName,omitempty" json:"firstName,omitempty" maxLength:"64" doc:"First name."`
	LastName       string       `yaml:"lastName,omitempty" json:"lastName,omitempty" maxLength:"64" doc:"Last name."`
	Mail           string       `yaml:"mail,omitempty" json:"mail,omitempty" maxLength:"254" doc:"Mail address."`
	Department     string       `yaml:"department,omitempty" json:"department,omitempty" maxLength:"64" doc:"Department."`
	Role           Role         `yaml:"role,omitempty" json:"role,omitempty" enum:"administrator,operator,auditor" doc:"What the user may administer. Absent: nothing but his own settings."`
	Password       Secret       `yaml:"password,omitempty" json:"password,omitzero" maxLength:"512" secret:"hashed" doc:"Password for the web pages and the API. Kept as an argon2id hash; a hash is taken as it is."`
	PIN            Secret       `yaml:"pin,omitempty" json:"pin,omitzero" maxLength:"512" secret:"hashed" doc:"Digits for log-in at a phone. Kept as an argon2id hash."`
	DigestPassword Secret       `yaml:"digestPassword,omitempty" json:"digestPassword,omitzero" maxLength:"128" secret:"kept" doc:"Password that the user's SIP devices present; old loads take at most 31 characters."`
	Devices        []DeviceName `yaml:"devices,omitempty" json:"devices,omitempty" ref:"phone" maxItems:"100" doc:"Devices that the user controls."`
}

// Role is what a user may administer.
type Role string

// Roles. The empty role may administer nothing.
const (
	RoleAdministrator Role = "administrator" // everything
	RoleOperator      Role = "operator"      // phones, lines, users; no servers, no security
	RoleAuditor       Role = "auditor"       // reads everything, changes nothing
)

// Kind implements Object.
func (*User) Kind() Kind { return KindUser }

// Key implements Object.
func (u *User) Key() string { return string(u.UserID) }

// FullName is first and last name, or the log-in name if there is neither.
func (u *User) FullName() string {
	switch {
	case u.FirstName != "" && u.LastName != "":
		return u.FirstName + " " + u.LastName
	case u.FirstName+u.LastName != "":
		return u.FirstName + u.LastName
	default:
		return string(u.UserID)
	}
}

// APIToken lets a program act for a user. Only a hash of the token is kept.
type APIToken struct {
	Name    string `yaml:"name" json:"name" maxLength:"64" doc:"What it is for."`
	User    UserID `yaml:"user" json:"user" ref:"user" doc:"User for whom it acts."`
	Role    Role   `yaml:"role,omitempty" json:"role,omitempty" enum:"administrator,operator,auditor" doc:"Lowers what the token may do. Absent: what its user may do."`
	Hash    Secret `yaml:"hash,omitempty" json:"hash,omitzero" maxLength:"128" secret:"kept" doc:"Hash of the token."`
	Created string `yaml:"created,omitempty" json:"created,omitempty" time:"true" doc:"When it was made (RFC 3339)."`
	Expires string `yaml:"expires,omitempty" json:"expires,omitempty" time:"true" doc:"When it stops working (RFC 3339). Absent: never."`
}

// Kind implements Object.
func (*APIToken) Kind() Kind { return KindAPIToken }

// Key implements Object.
func (t *APIToken) Key() string { return t.Name }
