package rules

// Resource returns a resource of an API by its name, as the match of a request
// without parameters: for who asks what a plan would let out, and sends nothing.
func (e *Edition) Resource(api, name string) (Match, bool) {
	a := e.policy.apis[api]
	if a == nil {
		return Match{}, false
	}
	r := a.resource(name)
	return Match{Resource: r}, r != nil
}
