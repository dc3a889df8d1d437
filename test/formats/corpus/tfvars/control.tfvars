a = "xy"
