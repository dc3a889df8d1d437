a = "x"
