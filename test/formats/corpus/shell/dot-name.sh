a.b=1
