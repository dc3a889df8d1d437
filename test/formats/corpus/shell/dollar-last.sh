A=x$
B="x$"
