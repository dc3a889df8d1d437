A=100%
B=a,b@c^d+e
