A-B=1
