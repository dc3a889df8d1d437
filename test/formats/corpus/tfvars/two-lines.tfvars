a =
"x"
