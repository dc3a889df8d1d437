A=x:~
B=x~
