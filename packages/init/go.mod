module rancheros-kit/init

go 1.24
