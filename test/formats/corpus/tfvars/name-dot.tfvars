a.b = "x"
