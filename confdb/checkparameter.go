package confdb

import (
	"tandem/fault"
	"tandem/telephony"
	"tandem/telephony/parameter"
)

// parameter checks a parameter's name, service and value against the catalogue.
func (c *checker) parameter() {
	var name, value string
	var service telephony.ServiceName
	switch o := c.object.(type) {
	case *telephony.ServiceParameter:
		name, value, service = o.Name, o.Value, o.Service
	case *telephony.EnterpriseParameter:
		name, value = o.Name, o.Value
	}
	p, ok := parameter.Lookup(name)
	switch {
	case !ok:
		c.clean = false
		c.refused.Add(fault.New(fault.ParameterUnknown, "name", name))
	case string(p.Name) != name:
		c.problem("name", "it is written %s", p.Name)
	case p.Enterprise() && service != "":
		c.problem("service", "%s is an enterprise parameter", name)
	case !p.Enterprise() && service == "":
		c.problem("name", "%s is a parameter of the service %s, set it under serviceParameters", name, p.Service)
	case p.Service != service:
		c.problem("service", "%s belongs to the service %s", name, p.Service)
	case !p.Check(value):
		c.clean = false
		c.refused.Add(fault.New(fault.ParameterOutOfRange, "name", name, "value", value, "range", p.Range()))
	}
}
