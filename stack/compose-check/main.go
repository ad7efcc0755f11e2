// Command compose-check loads compose files with Compose's own parser: no engine is needed, and what it accepts,
// `docker compose` accepts. Usage: compose-check [-env FILE] FILE...
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	envFile := flag.String("env", "", "file with the values of the variables that the compose files name")
	flag.Parse()
	if err := check(flag.Args(), *envFile); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(files []string, envFile string) error {
	settings := []cli.ProjectOptionsFn{cli.WithName("belvedere"), cli.WithResolvedPaths(true)}
	if envFile != "" {
		settings = append(settings, cli.WithEnvFiles(envFile), cli.WithDotEnv)
	}
	options, err := cli.NewProjectOptions(files, settings...)
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	for _, name := range project.ServiceNames() {
		if project.Services[name].Image == "" && project.Services[name].Build == nil {
			return fmt.Errorf("service %s has neither an image nor a build", name)
		}
	}
	fmt.Printf("%d services, %d volumes: %v\n", len(project.Services), len(project.Volumes), project.ServiceNames())
	return nil
}
