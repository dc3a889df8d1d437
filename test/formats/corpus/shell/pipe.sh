A=1|true
