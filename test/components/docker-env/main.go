// Reads environment files as `docker run --env-file` does: one line of JSON for each file that is named, an object of
// names and values, or null for a file that is refused.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/docker/cli/pkg/kvfile"
)

func main() {
	for _, file := range os.Args[1:] {
		lines, err := kvfile.Parse(file, nil)
		var values map[string]string
		if err == nil {
			values = map[string]string{}
			for _, line := range lines {
				name, value, _ := strings.Cut(line, "=")
				values[name] = value
			}
		}
		text, err := json.Marshal(values)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(text))
	}
}
