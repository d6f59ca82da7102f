// Asks the AWS SDK for Go, version 2: see ../readers.ts for what goes in and out.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
)

func read(credentials, conf, profile string) string {
	shared, err := config.LoadSharedConfigProfile(context.Background(), profile, func(o *config.LoadSharedConfigOptions) {
		o.CredentialsFiles = []string{credentials}
		o.ConfigFiles = []string{conf}
	})
	pair := shared.Credentials
	if err != nil || pair.AccessKeyID == "" || pair.SecretAccessKey == "" {
		return "-"
	}
	return hex.EncodeToString([]byte(pair.AccessKeyID)) + ":" + hex.EncodeToString([]byte(pair.SecretAccessKey))
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		words := strings.Split(lines.Text(), "\t")
		var answers []string
		for _, word := range strings.Split(words[2], ",") {
			name, _ := hex.DecodeString(word)
			answers = append(answers, read(words[0], words[1], string(name)))
		}
		fmt.Println(strings.Join(answers, ","))
	}
}
