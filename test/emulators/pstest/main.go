// Pub/Sub as Google's own Go client tests against it, served to other processes.
package main

import (
	"flag"
	"log"

	"cloud.google.com/go/pubsub/v2/pstest"
)

func main() {
	port := flag.Int("port", 0, "port on 127.0.0.1")
	flag.Parse()
	log.Printf("pstest listens on %s", pstest.NewServerWithPort(*port).Addr)
	select {}
}
