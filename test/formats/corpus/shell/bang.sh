A=x!y
B='!'
