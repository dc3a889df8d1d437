A=
B=''
C=""
D= # c
