a = <<E-F
x
E-F
