module bindingtests

go 1.19

require (
	github.com/golang-jwt/jwt/v4 v4.4.3
	waitq v0.0.0
)

// As Debian installs it: golang-github-golang-jwt-jwt-dev.
replace github.com/golang-jwt/jwt/v4 => /usr/share/gocode/src/github.com/golang-jwt/jwt

replace waitq => ../../../bindings/go
