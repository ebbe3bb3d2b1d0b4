module shop

go 1.19

require waitq v0.0.0

replace waitq => ../../bindings/go
