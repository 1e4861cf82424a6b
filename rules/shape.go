package rules

// Shape is the compiled body of one resource: a trie of policy paths. It
// belongs to the resource and is shared by all of its plans. A Shape is
// immutable after it was built.
type Shape struct {
	Root     *Node
	Fields   []Field       // by field number
	Subjects []SubjectKind // by kind number
	// Single is true when no subject stands below an array or a map: the
	// body is about one subject, and a body whose subject is withheld is
	// the body of nobody.
	Single bool
}

// Node is one place in a body. What no Node names is dropped.
type Node struct {
	Members map[string]*Node // of an object, by unescaped key
	Any     *Node            // of an object whose keys are data: every member
	Elem    *Node            // of an array: every element
	// Field is the number of the field whose rule stands here, or -1. A
	// rule covers a scalar: an object or array found here is withheld.
	Field int
	// Key is the number of the field that the key of this member is, or -1.
	// Only an Any node has one. The member goes where its key goes: a key
	// that does not leave takes its member with it.
	Key int
	// Subtree lets a rule cover everything below its place, unread.
	Subtree bool
	// Subject is the kind of subject whose object stands here, or -1. What
	// stands below is decided by it, up to the next Subject below.
	Subject int
	// Roles are the deciding members of the nearest enclosing subject that
	// are read from the scalar here, whether or not it may leave.
	Roles Roles
	// Others are the deciding members of other persons that are read from the scalar
	// here, by kind number; see [SubjectKind.About].
	Others []OtherRoles
}

// OtherRoles is what one place says of a person besides the enclosing subject.
type OtherRoles struct {
	Kind  int
	Roles Roles
}

// NewNode returns a node that names nothing yet.
func NewNode() *Node { return &Node{Field: -1, Key: -1, Subject: -1} }

// Roles is a set of the deciding members that one place supplies.
type Roles uint8

// The deciding members of a subject.
const (
	RoleID Roles = 1 << iota
	RoleCountry
	RoleRegion
	RoleResidence
	RoleBorn
)

// Field is one rule of a shape: a scalar, a key, or a subtree.
type Field struct {
	Path     string // from the root of the body: data[].address.line1
	Category string // of data, dotted; empty for a public member
	Public   bool   // not personal: leaves and is withheld with its subject
	Kind     int    // number of the subject kind that decides it, -1 outside every subject
	// About is the number of the kind of person besides the enclosing subject that it
	// is about: then both decide, and both must allow. 0 for none, as the kind of such
	// a person always comes after that of a subject.
	About   int
	Subtree bool
	Link    string     // link class: equal classes join within one recipient
	Token   TokenShape // what a pseudonym of it looks like
	Source  string     // direct, observed, third_party, ...
	attrs   *CategoryAttrs
}

// Attrs returns what the policy says of the field's category, nil for a
// public one.
func (f *Field) Attrs() *CategoryAttrs { return f.attrs }

// Concerns reports whether a kind of subject decides about the field.
func (f *Field) Concerns(kind int) bool {
	return kind >= 0 && (f.Kind == kind || f.About > 0 && f.About == kind)
}

// TokenShape is the form of a pseudonym, for clients with typed fields.
type TokenShape uint8

// The token shapes.
const (
	TokenOpaque TokenShape = iota // a string
	TokenEmail                    // an address under pseudonym.invalid
	TokenUUID                     // a UUIDv8
)

// SubjectKind is one kind of subject that a body holds.
type SubjectKind struct {
	// About marks a person that has no object of its own: single fields in the object
	// of another subject are about it, whose kind number is Within.
	About  bool
	Within int

	Shape      string // name of the shape in the policy; of an About kind with the path of its first field
	Path       string // of its object, from the root of the body; of an About kind that of the enclosing subject
	Population *Population
	Category   SubjectCategory
	ID         IDSource
	Param      string // name of the path or query parameter, when ID is IDParam or IDQuery
	HasBorn    bool   // the body can say the age
	HasCountry bool   // the body can say the location
	FromState  bool   // the policy says that state has both of everybody
	// Personal holds the fields that this kind decides and that are not
	// public.
	Personal FieldSet
}

// IDSource says where the id of a subject comes from.
type IDSource uint8

// The sources of a subject id.
const (
	IDMember IDSource = iota // a member of its object
	IDKey                    // the key under which its object stands in a map
	IDParam                  // a path parameter of the route
	IDQuery                  // a query parameter
	IDCaller                 // the caller's own credential: nobody else has one
)
