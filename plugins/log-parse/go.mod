module log_parse

go 1.27

require skep v0.0.0

replace skep => ./.skep/sdk
