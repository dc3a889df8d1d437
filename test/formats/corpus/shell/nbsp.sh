A=x y
