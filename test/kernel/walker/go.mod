module rancheros-kit/test/walker

go 1.24
