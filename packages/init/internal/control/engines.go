package control

import (
	"rancheros-kit/init/internal/config"
	"rancheros-kit/init/internal/servicefile"
)

var userEngine = special{
	kind: "engine", service: "docker", key: "rancher.docker.engine",
	offered: func(index servicefile.Index) []string { return index.Engines },
	chosen:  func(cfg *config.Config) string { return cfg.Rancher.Docker.Engine },
}

var engineCommands = command{
	names: []string{"engine"}, usage: "ros engine COMMAND", summary: "choose the docker that runs for the user",
	subcommands: userEngine.commands(),
}
