a
= "x"
