// The only program of the test image: it prints its environment, then sleeps, or exits with the code that it is given.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

func main() {
	for _, entry := range os.Environ() {
		fmt.Println(entry)
	}
	if len(os.Args) > 1 && os.Args[1] != "sleep" {
		code, err := strconv.Atoi(os.Args[1])
		if err != nil {
			panic(err)
		}
		os.Exit(code)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
}
