A=(a b)
