. ./other
