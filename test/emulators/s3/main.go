// An S3 server in memory that checks signatures (version 4) and keeps versions: what `rclone serve s3` is made of.
package main

import (
	"flag"
	"log"
	"net/http"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	id := flag.String("id", "winnow", "access key id")
	secret := flag.String("secret", "winnow-secret", "secret access key")
	flag.Parse()
	server := gofakes3.New(s3mem.New(), gofakes3.WithV4Auth(map[string]string{*id: *secret}))
	log.Fatal(http.ListenAndServe(*listen, server.Server()))
}
