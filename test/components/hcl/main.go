// Reads files of variables as Terraform does, for variables of the type string: one line of JSON for each file that is
// named, an object of names and values, or null for a file that is refused.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

func read(path string) (values map[string]string) {
	file, problems := hclparse.NewParser().ParseHCLFile(path)
	if problems.HasErrors() {
		return nil
	}
	attributes, problems := file.Body.JustAttributes()
	if problems.HasErrors() {
		return nil
	}
	values = map[string]string{}
	for name, attribute := range attributes {
		value, ok := text(attribute)
		if !ok {
			return nil
		}
		values[name] = value
	}
	return values
}

func text(attribute *hcl.Attribute) (string, bool) {
	value, problems := attribute.Expr.Value(nil)
	if problems.HasErrors() {
		return "", false
	}
	converted, err := convert.Convert(value, cty.String)
	if err != nil || converted.IsNull() {
		return "", false
	}
	return converted.AsString(), true
}

func main() {
	for _, path := range os.Args[1:] {
		line, err := json.Marshal(read(path))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(line))
	}
}
