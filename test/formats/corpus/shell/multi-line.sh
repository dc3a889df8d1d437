A='x
y'
B="x
y"
