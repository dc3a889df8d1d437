A=<<E
x
E
