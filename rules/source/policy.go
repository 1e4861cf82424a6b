package source

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/modicum-dev/modicum/rules"
)

// Policy reads and compiles a policy. With any problem the policy is nil, and the
// problems are those of reading and of compiling together, so that an author sees
// all of them in one run. What cannot be read makes something else seem missing:
// beside problems of reading, nothing is called missing by the compiler, and
// behind a file that is not well-formed it is not asked at all. An error says that
// the folder itself could not be read.
func Policy(dir fs.FS) (*rules.Policy, rules.Problems, error) {
	bundle, read, err := Load(dir)
	if err != nil {
		return nil, nil, err
	}
	if errors.Is(read.Err(), rules.ErrSyntax) {
		return nil, read, nil
	}
	policy, problems := rules.Compile(bundle)
	if len(read) > 0 {
		problems = slices.DeleteFunc(problems, func(p *rules.Problem) bool { return errors.Is(p, rules.ErrMissing) })
		problems = append(problems, read...).Sort()
	}
	if len(problems) > 0 {
		return nil, problems, nil
	}
	return policy, nil, nil
}
