A=$'x\ny'
