a = "x\ny\rz\t\"\\"
b = "\u00e9\U0001F30D"
