A=1 # c
B=2	#d
C=3#4
