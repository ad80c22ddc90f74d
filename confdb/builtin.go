package confdb

import "tandem/telephony"

// builtIns are the objects that every snapshot has, that no file lists and nobody changes.
var builtIns = func() []telephony.Object {
	var all []telephony.Object
	for _, t := range telephony.BuiltInSoftkeyTemplates() {
		all = append(all, t)
	}
	for _, t := range telephony.BuiltInButtonTemplates() {
		all = append(all, t)
	}
	for _, p := range telephony.BuiltInProducts() {
		all = append(all, p)
	}
	return all
}()

var builtInKeys = func() map[objectRef]bool {
	m := map[objectRef]bool{}
	for _, o := range builtIns {
		m[objectRef{o.Kind(), o.Key()}] = true
	}
	return m
}()

type objectRef struct {
	kind telephony.Kind
	key  string
}

// IsBuiltIn reports whether an object belongs to the program instead of the configuration.
func IsBuiltIn(kind telephony.Kind, key string) bool { return builtInKeys[objectRef{kind, key}] }

var builtInProducts = len(telephony.BuiltInProducts())
