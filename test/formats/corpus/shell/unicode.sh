A=žluť
B='🌍'
