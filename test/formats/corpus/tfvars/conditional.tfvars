a = true ? "x" : "y"
