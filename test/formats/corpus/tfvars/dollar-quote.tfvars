a = "x$"
b = "y%"
