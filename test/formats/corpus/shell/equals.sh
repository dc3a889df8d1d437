A=b=c
