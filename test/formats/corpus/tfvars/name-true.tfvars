true = "x"
for = "y"
