package command

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"github.com/modicum-dev/modicum/rules/signature"
)

// ErrKeyExists is returned for a key file that is there already: it is never
// overwritten.
var ErrKeyExists = errors.New("the file exists already, and a key is never overwritten")

func policyKeygen() *cobra.Command {
	var path string
	var asJSON bool
	c := &cobra.Command{
		Use: "keygen NAME", Short: "Make a key that signs policies, and print its public half", Args: cobra.ExactArgs(1),
		Long: `Make a key that signs policies. NAME says whose it is, as records will have it:
a function rather than a person, such as privacy.vendor.example. The private key
goes into a new file that its owner alone may read. What is printed is public:
the gateway's option signed_by takes it, and so does "policy verify --by".`,
		Example: `  modicum policy keygen privacy.vendor.example --key privacy-office.key`,
		RunE: func(c *cobra.Command, args []string) error {
			private, public, err := note.GenerateKey(rand.Reader, args[0])
			if err != nil {
				return fmt.Errorf("making a key: %w", err)
			}
			signer, err := signature.NewSigner(private)
			if err != nil {
				return usage("a name has no spaces and no plus sign, such as privacy.vendor.example")
			}
			if err := writeKey(path, private); err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, struct {
					ID       string `json:"id"`
					Verifier string `json:"verifier_key"`
					Key      string `json:"key_file"`
				}{signature.ID(signer), public, path})
			}
			return say(c.OutOrStdout(), "%s\n", public)
		},
	}
	c.Flags().StringVar(&path, "key", "", "the new file of the private key")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	required(c, "key")
	return c
}

// writeKey makes the file of a private key, which must not exist yet.
func writeKey(path, private string) (err error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("key %s: %w", path, ErrKeyExists)
	}
	if err != nil {
		return fmt.Errorf("making the key file: %w", err)
	}
	_, err = f.WriteString(private + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("writing the key file: %w", err), os.Remove(path))
	}
	return nil
}

func required(c *cobra.Command, flag string) {
	if err := c.MarkFlagRequired(flag); err != nil {
		panic(err) // the flag was defined
	}
}
