A='x
y'
