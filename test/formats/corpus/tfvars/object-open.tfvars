a = {
b = "c"
