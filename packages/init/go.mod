module rancheros-kit/init

go 1.24.0

require (
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sys v0.36.0 // indirect
)
