A=a	b
