module waitq

go 1.19
