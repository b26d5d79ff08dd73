module skep

go 1.24
