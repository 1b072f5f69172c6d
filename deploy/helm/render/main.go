// Renders a chart as 'helm template' does, for machines without helm: the same template engine and the same functions
// (text/template and sprig), and what Helm adds to them that this chart uses. Values are those of the chart, with the file
// that is named laid over them.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run deploy/helm/render/main.go CHART RELEASE [VALUES]
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		fail("usage: render CHART RELEASE [VALUES]")
	}
	chart, release := os.Args[1], os.Args[2]
	values := read(filepath.Join(chart, "values.yaml"))
	if len(os.Args) == 4 {
		lay(values, read(os.Args[3]))
	}
	about := map[string]interface{}{}
	for key, value := range read(filepath.Join(chart, "Chart.yaml")) {
		about[strings.ToUpper(key[:1])+key[1:]] = value
	}
	files, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	check(err)
	sort.Strings(files)
	base := filepath.Base(chart) + "/templates"
	all := template.New("chart").Option("missingkey=zero")
	all.Funcs(sprig.TxtFuncMap()).Funcs(template.FuncMap{
		"include": func(name string, scope interface{}) (string, error) {
			var out strings.Builder
			err := all.ExecuteTemplate(&out, name, scope)
			return out.String(), err
		},
		"toYaml": func(value interface{}) (string, error) {
			var out bytes.Buffer
			encoder := yaml.NewEncoder(&out)
			encoder.SetIndent(2)
			err := encoder.Encode(value)
			return strings.TrimSuffix(out.String(), "\n"), err
		},
		"fromYaml": func(text string) (map[string]interface{}, error) {
			values := map[string]interface{}{}
			err := yaml.Unmarshal([]byte(text), &values)
			return values, err
		},
		// Nothing is installed yet.
		"lookup": func(...string) map[string]interface{} { return nil },
	})
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(err)
		_, err = all.New(base + "/" + filepath.Base(file)).Parse(string(text))
		check(err)
	}
	for _, file := range files {
		name := base + "/" + filepath.Base(file)
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		var out strings.Builder
		check(all.ExecuteTemplate(&out, name, map[string]interface{}{
			"Values":   values,
			"Chart":    about,
			"Release":  map[string]interface{}{"Name": release, "Namespace": "default", "Service": "Helm", "IsInstall": true},
			"Template": map[string]interface{}{"Name": name, "BasePath": base},
		}))
		if strings.TrimSpace(out.String()) != "" {
			fmt.Printf("---\n# Source: %s\n%s\n", name, strings.TrimSpace(out.String()))
		}
	}
}

// lay puts the values of 'upper' over those of 'lower', map by map.
func lay(lower, upper map[string]interface{}) {
	for key, value := range upper {
		below, isMap := lower[key].(map[string]interface{})
		above, isMapToo := value.(map[string]interface{})
		if isMap && isMapToo {
			lay(below, above)
		} else {
			lower[key] = value
		}
	}
}

func read(file string) map[string]interface{} {
	text, err := os.ReadFile(file)
	check(err)
	values := map[string]interface{}{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		fail(file + ": " + err.Error())
	}
	return values
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, "render: "+text)
	os.Exit(1)
}
